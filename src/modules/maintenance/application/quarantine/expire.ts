import type { ObjectKey } from '../../../../kernel/object-key';
import { notDeletedOf } from '../../../../kernel/objects-not-deleted';
import type { Counts } from '../../domain/maintenance-run';
import { type RetentionStep, StepIncomplete } from '../../domain/upkeep-step';
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
      const counts = { [NAME]: 0, undeletable: 0 };
      for (let after: ObjectKey | null = null; ; ) {
        signal.throwIfAborted();
        const page: ExpiredPage = await exclusively(() => expirePage({ quarantine, store, ttlSeconds }, after));
        counts[NAME] += page.expired;
        counts.undeletable += page.undeletable;
        if (page.last === null) break;
        after = page.last;
        await letOthersIn();
      }
      if (counts.undeletable === 0) return { [NAME]: counts[NAME] };
      throw new StepIncomplete(`${counts.undeletable} can’t be deleted`, counts);
    },
  };
}

interface ExpiredPage {
  readonly expired: number;
  readonly undeletable: number;
  /** Null: there is no more. */
  readonly last: ObjectKey | null;
}

/** What the store keeps stays claimed: the next run asks again, and keeps none of the others meanwhile. */
async function expirePage(
  { quarantine, store, ttlSeconds }: Pick<ExpiryDeps, 'quarantine' | 'store' | 'ttlSeconds'>,
  after: ObjectKey | null,
): Promise<ExpiredPage> {
  const page = await quarantine.claimExpired(ttlSeconds, after, PAGE);
  const kept = await notDeletedOf(store.deleteMany(page.map(({ quarantineKey }) => quarantineKey)));
  const gone = page.filter(({ quarantineKey }) => !kept?.keys.has(quarantineKey));
  for (const { key } of gone) await quarantine.forget(key, 'expiring');
  const last = page.length < PAGE ? null : (page.at(-1)?.key ?? null);
  return { expired: gone.length, undeletable: page.length - gone.length, last };
}
