import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import { notDeletedOf } from '../../../../kernel/objects-not-deleted';
import type { Counts } from '../../domain/maintenance-run';
import type { QuarantinedObject } from '../../domain/quarantine';
import { type RetentionStep, StepIncomplete } from '../../domain/upkeep-step';
import { letOthersIn } from '../exclusively';
import type { MoveDeps } from './move-away';

const PAGE = 100;
const NAME = 'quarantined_objects';

export interface ExpiryDeps extends Pick<MoveDeps, 'quarantine' | 'exclusively' | 'rows'> {
  readonly store: Pick<MoveDeps['store'], 'deleteMany'>;
  /** QUARANTINE_TTL_SECONDS; 0: kept for ever */
  readonly ttlSeconds: number;
  readonly log: Log;
}

/**
 * The step of retention that deletes for good what has been in quarantine for longer than its time: claimed first, so that none of it
 * is released meanwhile. What a row names by now stays: its rows were away when it was moved, and this may be its only copy. The lock
 * is held for a page at a time: an audit and a release wait for it for half a minute only.
 */
export function quarantineExpiry(deps: ExpiryDeps): RetentionStep {
  const { ttlSeconds, log } = deps;
  return {
    name: NAME,
    ageDays: ttlSeconds === 0 ? null : Math.round((ttlSeconds / 86_400) * 100) / 100,

    preview: () => countExpired(deps),

    run: async (signal): Promise<Counts> => {
      const counts = { [NAME]: 0, undeletable: 0, still_named: 0 };
      for (let after: ObjectKey | null = null; ; ) {
        signal.throwIfAborted();
        const page: ExpiredPage = await deps.exclusively(() => expirePage(deps, after));
        counts[NAME] += page.expired;
        counts.undeletable += page.undeletable;
        counts.still_named += page.stillNamed;
        if (page.last === null) break;
        after = page.last;
        await letOthersIn();
      }
      const { undeletable, still_named, ...expired } = counts;
      const stayed = { ...(still_named > 0 ? { still_named } : {}), ...(undeletable > 0 ? { undeletable } : {}) };
      if (still_named > 0) log.error({ objects: still_named }, 'rows name objects in quarantine: they stay there');
      if (undeletable === 0) return { ...expired, ...stayed };
      throw new StepIncomplete(`${undeletable} can’t be deleted`, { ...expired, ...stayed });
    },
  };
}

interface ExpiredPage {
  readonly expired: number;
  readonly undeletable: number;
  readonly stillNamed: number;
  /** Null: there is no more. */
  readonly last: ObjectKey | null;
}

/** What the store keeps stays claimed: the next run asks again, and keeps none of the others meanwhile. */
async function expirePage(deps: ExpiryDeps, after: ObjectKey | null): Promise<ExpiredPage> {
  const { quarantine, store, ttlSeconds } = deps;
  const page = await quarantine.expired(ttlSeconds, after, PAGE);
  await quarantine.claim(page.map(({ key }) => key));
  // names behind the claim, just before the deletion
  const { named, unnamed } = await byNames(deps, page);
  for (const { key } of named) await quarantine.turn(key, 'expiring', 'held');
  const kept = await notDeletedOf(store.deleteMany(unnamed.map(({ quarantineKey }) => quarantineKey)));
  const gone = unnamed.filter(({ quarantineKey }) => !kept?.keys.has(quarantineKey));
  for (const { key } of gone) await quarantine.forget(key, 'expiring');
  const counts = { expired: gone.length, undeletable: unnamed.length - gone.length, stillNamed: named.length };
  return { ...counts, last: lastOf(page) };
}

async function countExpired(deps: ExpiryDeps): Promise<Counts> {
  const counts = { [NAME]: 0, still_named: 0 };
  for (let after: ObjectKey | null = null; ; ) {
    const page: readonly QuarantinedObject[] = await deps.quarantine.expired(deps.ttlSeconds, after, PAGE);
    const { named, unnamed } = await byNames(deps, page);
    counts[NAME] += unnamed.length;
    counts.still_named += named.length;
    after = lastOf(page);
    if (after === null) return counts.still_named > 0 ? counts : { [NAME]: counts[NAME] };
  }
}

async function byNames({ rows }: Pick<ExpiryDeps, 'rows'>, page: readonly QuarantinedObject[]) {
  const names = await rows.namesOf(page.map(({ key }) => key));
  const isNamed = ({ key }: QuarantinedObject) => names.get(key) === 'row';
  return { named: page.filter(isNamed), unnamed: page.filter((object) => !isNamed(object)) };
}

function lastOf(page: readonly QuarantinedObject[]): ObjectKey | null {
  return page.length < PAGE ? null : (page.at(-1)?.key ?? null);
}
