import type { claimWork } from '../../application/work/claim-work';
import type { completeWork } from '../../application/work/complete-work';
import type { failWork } from '../../application/work/fail-work';
import type { heartbeat } from '../../application/work/heartbeat';
import type { leaseUrls } from '../../application/work/lease-urls';
import type { refreshCredential } from '../../application/work/refresh-credential';
import type { resultUrls } from '../../application/work/result-urls';

/** What workers do, each with its dependencies given. */
export interface WorkUseCases {
  readonly claimWork: ReturnType<typeof claimWork>;
  readonly leaseUrls: ReturnType<typeof leaseUrls>;
  readonly heartbeat: ReturnType<typeof heartbeat>;
  readonly refreshCredential: ReturnType<typeof refreshCredential>;
  readonly resultUrls: ReturnType<typeof resultUrls>;
  readonly completeWork: ReturnType<typeof completeWork>;
  readonly failWork: ReturnType<typeof failWork>;
}
