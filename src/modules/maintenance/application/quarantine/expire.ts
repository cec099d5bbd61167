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
  readonly store: Pick<MoveDeps['store'], 'deleteMany' | 'head'>;
  readonly log: Log;
  /** QUARANTINE_TTL_SECONDS; 0: kept for ever */
  readonly ttlSeconds: number;
}

/**
 * The step of retention that deletes for good what has been in quarantine for longer than its time: claimed first, so that none of it
 * is released meanwhile. What a row names again is kept: the database was another one, or of another moment, when it was moved away, and
 * nobody else has it. The lock is held for a page at a time: an audit and a release wait for it for half a minute only.
 */
export function quarantineExpiry(deps: ExpiryDeps): RetentionStep {
  const { quarantine, exclusively, ttlSeconds } = deps;
  return {
    name: NAME,
    ageDays: ttlSeconds === 0 ? null : Math.round((ttlSeconds / 86_400) * 100) / 100,

    preview: async () => ({ [NAME]: await quarantine.countExpired(ttlSeconds) }),

    run: async (signal): Promise<Counts> => {
      const counts = { [NAME]: 0, undeletable: 0, still_named: 0 };
      for (let after: ObjectKey | null = null; ; ) {
        signal.throwIfAborted();
        const page: ExpiredPage = await exclusively(() => expirePage(deps, after));
        counts[NAME] += page.expired;
        counts.undeletable += page.undeletable;
        counts.still_named += page.named;
        if (page.last === null) break;
        after = page.last;
        await letOthersIn();
      }
      const { undeletable: _none, still_named, ...usual } = counts;
      if (counts.undeletable === 0) return still_named === 0 ? usual : { ...usual, still_named };
      throw new StepIncomplete(`${counts.undeletable} can’t be deleted`, counts);
    },
  };
}

interface ExpiredPage {
  readonly expired: number;
  readonly undeletable: number;
  /** Kept: a row names its key, and there is nothing under it. */
  readonly named: number;
  /** Null: there is no more. */
  readonly last: ObjectKey | null;
}

/** What the store keeps stays claimed: the next run asks again, and keeps none of the others meanwhile. */
async function expirePage(deps: ExpiryDeps, after: ObjectKey | null): Promise<ExpiredPage> {
  const { quarantine, store, ttlSeconds } = deps;
  const page = await quarantine.claimExpired(ttlSeconds, after, PAGE);
  const named = await lastOfTheirRows(deps, page);
  for (const { key } of named) await quarantine.turn(key, 'expiring', 'held');
  const doomed = page.filter((object) => !named.includes(object));
  const kept = await notDeletedOf(store.deleteMany(doomed.map(({ quarantineKey }) => quarantineKey)));
  const gone = doomed.filter(({ quarantineKey }) => !kept?.keys.has(quarantineKey));
  for (const { key } of gone) await quarantine.forget(key, 'expiring');
  const last = page.length < PAGE ? null : (page.at(-1)?.key ?? null);
  return { expired: gone.length, undeletable: doomed.length - gone.length, named: named.length, last };
}

/** Those whose key a row names, with nothing under it. */
async function lastOfTheirRows({ rows, store, log }: ExpiryDeps, page: readonly QuarantinedObject[]) {
  const names = await rows.namesOf(page.map(({ key }) => key));
  const last: QuarantinedObject[] = [];
  for (const object of page) {
    if (names.get(object.key) !== 'row' || (await store.head(object.key)) !== null) continue;
    log.error(
      { quarantine_key: object.quarantineKey },
      'kept in quarantine: a row names it; bring it back by audit release',
    );
    last.push(object);
  }
  return last;
}
