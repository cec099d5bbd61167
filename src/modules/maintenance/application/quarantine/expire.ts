import type { Counts } from '../../domain/maintenance-run';
import type { RetentionStep } from '../../domain/upkeep-step';
import { letOthersIn } from '../exclusively';
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
 * is released meanwhile. The lock is held for a page at a time: an audit and a release wait for it for half a minute only.
 */
export function quarantineExpiry({ quarantine, store, exclusively, ttlSeconds }: ExpiryDeps): RetentionStep {
  return {
    name: NAME,
    ageDays: ttlSeconds === 0 ? null : Math.round((ttlSeconds / 86_400) * 100) / 100,

    preview: async () => ({ [NAME]: await quarantine.countExpired(ttlSeconds) }),

    run: async (signal): Promise<Counts> => {
      let expired = 0;
      for (;;) {
        signal.throwIfAborted();
        const ended = await exclusively(() => expirePage({ quarantine, store, ttlSeconds }));
        expired += ended;
        if (ended < PAGE) return { [NAME]: expired };
        await letOthersIn();
      }
    },
  };
}

async function expirePage({
  quarantine,
  store,
  ttlSeconds,
}: Pick<ExpiryDeps, 'quarantine' | 'store' | 'ttlSeconds'>): Promise<number> {
  const page = await quarantine.claimExpired(ttlSeconds, PAGE);
  if (page.length === 0) return 0;
  await store.deleteMany(page.map(({ quarantineKey }) => quarantineKey));
  for (const { key } of page) await quarantine.forget(key, 'expiring');
  return page.length;
}
