import { LeaseLost } from '../../domain/backup-faults';

export interface Renewable {
  /** Throws LeaseLost when it is lost; anything else is tried again. */
  renew(): Promise<void>;
}

export interface KeptAlive {
  /** Aborted with LeaseLost. */
  readonly signal: AbortSignal;
  /** Renews now. @throws LeaseLost; what keeps it from being renewed */
  confirm(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Renews leases three times in their life until it is stopped. One that can't be renewed for as long as it lives counts as lost, though
 * nobody has said so yet.
 */
export function keepAlive(leases: readonly Renewable[], ttlSeconds: number, lost: LeaseLost): KeptAlive {
  const ended = new AbortController();
  let renewedAt = performance.now();
  let renewing: Promise<void> = Promise.resolve();
  const renewAll = async (): Promise<void> => {
    for (const lease of leases) await lease.renew();
    renewedAt = performance.now();
  };
  /** One after the other: a lease's renewals follow each other. */
  const renewInTurn = (): Promise<void> => {
    renewing = renewing.catch(() => undefined).then(renewAll);
    return renewing;
  };
  const beat = async (): Promise<void> => {
    try {
      await renewInTurn();
    } catch (error) {
      const isOver = performance.now() - renewedAt > ttlSeconds * 1000;
      if (error instanceof LeaseLost) ended.abort(error);
      else if (isOver) ended.abort(lost);
    }
  };
  const timer = setInterval(() => void beat(), (ttlSeconds * 1000) / 3);
  return {
    signal: ended.signal,
    async confirm() {
      ended.signal.throwIfAborted();
      await renewInTurn();
    },
    async stop() {
      clearInterval(timer);
      await renewing.catch(() => undefined);
    },
  };
}
