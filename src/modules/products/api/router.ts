import { router } from '../../../platform/http/procedures';
import { editProcedures } from './edit';
import { imageProcedures } from './images';
import { readProcedures } from './read';
import { urlProcedures } from './urls';
import type { ProductUseCases } from './use-cases';

export function productsRouter(useCases: ProductUseCases) {
  return router({
    ...readProcedures(useCases),
    ...editProcedures(useCases),
    ...imageProcedures(useCases),
    ...urlProcedures(useCases),
  });
}
