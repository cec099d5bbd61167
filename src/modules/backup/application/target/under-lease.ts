import { LeaseLost } from '../../domain/backup-faults';
import { type KeptAlive, keepAlive } from './keep-alive';
import { type LeaseDeps, takeLease } from './target-lease';

export interface UnderLeaseDeps extends LeaseDeps {
  readonly leaseSeconds: number;
}

/**
 * Work that nobody else on the target may do meanwhile; what it deletes is to stop with the lease's signal.
 * @throws TargetBusy, LeaseLost
 */
export async function underLease<Result>(
  deps: UnderLeaseDeps,
  holder: string,
  work: (alive: KeptAlive) => Promise<Result>,
): Promise<Result> {
  const lease = await takeLease(deps, holder, deps.leaseSeconds);
  const alive = keepAlive([lease], deps.leaseSeconds, new LeaseLost('target'));
  try {
    return await work(alive);
  } finally {
    await alive.stop();
    await lease
      .release()
      .catch((err: unknown) => deps.log.warn({ err }, 'the lease could not be released; it ends by itself'));
  }
}
