import { LeaseLost } from '../../domain/backup-faults';

export interface Renewable {
  /** Throws LeaseLost when it is lost; anything else is tried again. */
  renew(): Promise<void>;
}

export interface KeptAlive {
  /** Aborted with LeaseLost. */
  readonly signal: AbortSignal;
  /**
   * Renews now, and asks again for as long as the leases live, whatever failed: one answer that is lost does not undo the work of hours.
   * @param signal where it is told to stop, one attempt is made all the same
   * @throws LeaseLost; what keeps them from being renewed; `signal.reason`
   */
  confirm(signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Between the attempts of whoever has to know: so many in the life of a lease, and of a long one more. */
const PAUSES = 20;
const LONGEST_PAUSE_MS = 500;

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
  const isOver = () => performance.now() - renewedAt > ttlSeconds * 1000;
  const beat = async (): Promise<void> => {
    try {
      await renewInTurn();
    } catch (error) {
      if (error instanceof LeaseLost) ended.abort(error);
      else if (isOver()) ended.abort(lost);
    }
  };
  const timer = setInterval(() => void beat(), (ttlSeconds * 1000) / 3);
  return {
    signal: ended.signal,
    async confirm(signal) {
      for (;;) {
        ended.signal.throwIfAborted();
        try {
          await renewInTurn();
          return;
        } catch (error) {
          if (error instanceof LeaseLost || isOver()) throw error;
        }
        signal?.throwIfAborted();
        await Bun.sleep(Math.min(LONGEST_PAUSE_MS, (ttlSeconds * 1000) / PAUSES));
      }
    },
    async stop() {
      clearInterval(timer);
      await renewing.catch(() => undefined);
    },
  };
}
