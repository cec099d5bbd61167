import type { Counts } from '../../domain/maintenance-run';
import type { RetentionStep } from '../../domain/upkeep-step';
import type { MoveDeps } from './move-away';

const PAGE = 100;
const NAME = 'quarantined_objects';

export interface ExpiryDeps extends Pick<MoveDeps, 'quarantine' | 'exclusively'> {
  readonly store: Pick<MoveDeps['store'], 'deleteMany'>;
  /** QUARANTINE_TTL_SECONDS; 0: kept for ever */
  readonly ttlSeconds: number;
}

/**
 * The step of retention that deletes for good what has been in quarantine for longer than its time: claimed first, so that none of it
 * is released meanwhile.
 */
export function quarantineExpiry({ quarantine, store, exclusively, ttlSeconds }: ExpiryDeps): RetentionStep {
  return {
    name: NAME,
    ageDays: ttlSeconds === 0 ? null : Math.round((ttlSeconds / 86_400) * 100) / 100,

    preview: async () => ({ [NAME]: await quarantine.countExpired(ttlSeconds) }),

    run: (signal): Promise<Counts> =>
      exclusively(async () => {
        let expired = 0;
        for (;;) {
          signal.throwIfAborted();
          const page = await quarantine.claimExpired(ttlSeconds, PAGE);
          if (page.length === 0) return { [NAME]: expired };
          await store.deleteMany(page.map(({ quarantineKey }) => quarantineKey));
          for (const { key } of page) await quarantine.forget(key, 'expiring');
          expired += page.length;
        }
      }),
  };
}
