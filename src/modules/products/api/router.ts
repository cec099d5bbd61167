import { router } from '../../../platform/http/procedures';
import { editProcedures } from './edit';
import { imageProcedures } from './images';
import { lifecycleProcedures } from './lifecycle';
import { readProcedures } from './read';
import { revokeProcedures } from './revoke';
import { uploadProcedures } from './uploads';
import { urlProcedures } from './urls';
import type { ProductUseCases } from './use-cases';

export function productsRouter(useCases: ProductUseCases) {
  return router({
    ...uploadProcedures(useCases),
    ...readProcedures(useCases),
    ...editProcedures(useCases),
    ...imageProcedures(useCases),
    ...urlProcedures(useCases),
    ...revokeProcedures(useCases),
    ...lifecycleProcedures(useCases),
  });
}
