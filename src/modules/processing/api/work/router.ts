import { router } from '../../../../platform/http/procedures';
import { claimProcedure } from './claim';
import { refreshCredentialProcedure } from './credentials';
import { completeProcedure, failProcedure } from './ends';
import { heartbeatProcedure, leaseUrlsProcedure } from './leases';
import { resultUrlsProcedure } from './results';
import type { WorkUseCases } from './use-cases';

export function workRouter(useCases: WorkUseCases) {
  return router({
    claim: claimProcedure(useCases),
    urls: leaseUrlsProcedure(useCases),
    heartbeat: heartbeatProcedure(useCases),
    refreshCredentials: refreshCredentialProcedure(useCases),
    resultUrls: resultUrlsProcedure(useCases),
    complete: completeProcedure(useCases),
    fail: failProcedure(useCases),
  });
}
