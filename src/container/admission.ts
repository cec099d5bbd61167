import { rateQuotasOf } from '../config/derive';
import type { Log } from '../kernel/log';
import { ByteBudget } from '../platform/admission/byte-budget';
import { diskFloor } from '../platform/admission/disk-floor';
import { rateLimits, type SharedCounts } from '../platform/admission/rate-limits';
import type { BodyClaim } from '../platform/admission/upload-admission';
import type { Database } from '../platform/database/database';
import { clientAddresses } from '../platform/http/client-address';
import type { StagingArea } from '../platform/staging/staging-area';
import type { Ground } from './ground';

/** Who may come in, how often, and with how much. */
export function buildAdmission({ settings, log, metrics }: Ground, database: Database, staging: StagingArea) {
  const { refused, waited, budget: showBudget } = metrics.admission;
  const budget = new ByteBudget({
    totalBytes: settings.UPLOAD_STAGED_BYTES_MAX,
    waitMs: settings.UPLOAD_WAIT_SECONDS * 1000,
    requireRoom: diskFloor(staging.folder, settings.DISK_FREE_BYTES_MIN, () => refused('disk')),
    waited,
    refused: () => refused('budget'),
  });
  showBudget(settings.UPLOAD_STAGED_BYTES_MAX, budget);
  return {
    rateLimits: rateLimits(rateQuotasOf(settings), sharedCounts(database, log), refused),
    clientAddress: clientAddresses(settings.TRUSTED_PROXIES),
    admitBytes: (claim: BodyClaim) => budget.take(claim),
    maxBodyBytes: settings.MAX_UPLOAD_BYTES,
  };
}

/** The limiter goes on by itself where the database fails it; that it does is told here. */
function sharedCounts({ orm }: Database, log: Log): SharedCounts {
  return {
    query: (statement) =>
      orm.$client.query(statement).catch((err: unknown) => {
        log.warn({ err }, 'shared rate limits could not be asked: this instance counts alone');
        throw err;
      }),
  };
}
