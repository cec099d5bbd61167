import type { Clock } from '../../kernel/clock';
import type { Log } from '../../kernel/log';
import type { Database } from '../../platform/database/database';
import { databaseFault } from '../../platform/database/faults';
import { transactionsOf } from '../../platform/database/transaction';
import { workRouter } from './api/work/router';
import { claimWork } from './application/work/claim-work';
import { completeWork } from './application/work/complete-work';
import { estimateTime } from './application/work/estimate-time';
import { failWork } from './application/work/fail-work';
import { heartbeat } from './application/work/heartbeat';
import { leaseUrls } from './application/work/lease-urls';
import { putBackAllDue } from './application/work/put-back-due';
import { refreshCredential } from './application/work/refresh-credential';
import { resultUrls } from './application/work/result-urls';
import type { AttemptJournal } from './domain/attempt-journal';
import type {
  ChangeStatus,
  RecordOriginals,
  RefreshCredential,
  ResultObjects,
  SellerCredentials,
  SignImage,
  VerifyResults,
  WorkMetrics,
} from './domain/work/ports';
import type { FactsOfPrepare } from './domain/work/processing-time';
import type { ResultLimits } from './domain/work/results';
import { postgresLeases } from './infrastructure/work/postgres-leases';
import { postgresResults } from './infrastructure/work/postgres-results';
import { postgresWorkQueue } from './infrastructure/work/postgres-work-queue';
import { queueFacts } from './infrastructure/work/queue-facts';
import type { StoredUrls } from './infrastructure/work/stored-url';

export interface WorkDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly storedUrls: StoredUrls;
  readonly signImage: SignImage;
  readonly verifyResults: VerifyResults;
  readonly changeStatus: ChangeStatus;
  readonly objects: ResultObjects;
  readonly journal: AttemptJournal;
  readonly intentTtlSeconds: number;
  readonly metrics: WorkMetrics;
  readonly credentials: SellerCredentials;
  readonly refreshCredential: RefreshCredential;
  readonly recordOriginals: RecordOriginals;
  readonly limits: ResultLimits;
  /** WORK_MAX_ATTEMPTS */
  readonly maxAttempts: number;
  /** WORK_RETRY_BASE_SECONDS */
  readonly retryBaseSeconds: number;
}

/** The estimate of how long work takes; products need it before workers' use cases can have what they need of products. */
export function workEstimate({ database }: Pick<WorkDeps, 'database'>, ofPrepare: FactsOfPrepare) {
  return estimateTime(queueFacts(database.orm), ofPrepare);
}

/** Gives the use cases of workers their dependencies. */
export function workParts(deps: WorkDeps) {
  const { orm } = deps.database;
  const queue = postgresWorkQueue(orm, deps.storedUrls);
  const shared = {
    ...deps,
    inTransaction: transactionsOf(deps.database),
    isUnavailable: (error: unknown) => databaseFault(error).kind === 'unavailable',
    renewEveryMs: (deps.intentTtlSeconds * 1000) / 4,
    queue,
    leases: postgresLeases(orm, deps.storedUrls),
    results: postgresResults(orm, deps.storedUrls),
  };
  return {
    router: workRouter({
      claimWork: claimWork(shared),
      leaseUrls: leaseUrls(shared),
      heartbeat: heartbeat(shared),
      refreshCredential: refreshCredential(shared),
      resultUrls: resultUrls(shared),
      completeWork: completeWork(shared),
      failWork: failWork(shared),
    }),
    /** For the sweep, where nobody claims. */
    putBackDue: putBackAllDue(shared),
    queueLengths: () => queue.lengths(),
  };
}
