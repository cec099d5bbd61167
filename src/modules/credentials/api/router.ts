import { router } from '../../../platform/http/procedures';
import { connectionProcedure, connectProcedure, disconnectProcedure, type MercadoLibreUseCases } from './mercadolibre';

export function credentialsRouter(useCases: MercadoLibreUseCases) {
  return router({
    mercadolibre: router({
      put: connectProcedure(useCases),
      get: connectionProcedure(useCases),
      delete: disconnectProcedure(useCases),
    }),
  });
}
