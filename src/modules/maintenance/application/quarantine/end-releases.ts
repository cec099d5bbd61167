import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import { unlessUnreadable } from '../../../../kernel/unless-unreadable';
import type { Counts } from '../../domain/maintenance-run';
import type { QuarantinedObject } from '../../domain/quarantine';
import type { UpkeepStep } from '../../domain/upkeep-step';
import { letOthersIn } from '../exclusively';
import type { MoveDeps } from './move-away';
import { isSameObject } from './same-object';

export interface EndReleasesDeps extends MoveDeps {
  readonly log: Log;
}

const PAGE = 100;
/** No request is under way for so long. */
const COPY_KEPT_SECONDS = 3600;

interface Ended {
  releases_ended: number;
  held_again: number;
}

/**
 * The step of the sweep that ends releases. The copy in quarantine goes an hour after the release where the object is at its key still,
 * and at once where its deletion was asked for. One that is gone from its key after that hour though nobody asked for that is held again.
 *
 * It has to come before the step that drains intents: that one buries the tombstone which tells a deletion that was asked for from a
 * late request.
 */
export function releaseEnding(deps: EndReleasesDeps): UpkeepStep {
  return {
    name: 'releases',
    run: async (signal): Promise<Counts> => {
      const ended: Ended = { releases_ended: 0, held_again: 0 };
      // hardly ever is there one: nobody is kept from the lock for nothing
      const [first] = await deps.quarantine.page(['released'], null, 1);
      if (!first) return { ...ended };
      for (let after: ObjectKey | null = null; ; ) {
        signal.throwIfAborted();
        const page: readonly QuarantinedObject[] = await deps.exclusively((lost) =>
          endPage(deps, after, ended, AbortSignal.any([lost, signal])),
        );
        if (page.length < PAGE) return { ...ended };
        after = page.at(-1)?.key ?? null;
        await letOthersIn();
      }
    },
  };
}

/** Of the young ones only names are asked, of all in one statement: a sweep asks each minute. */
async function endPage(deps: EndReleasesDeps, after: ObjectKey | null, ended: Ended, signal: AbortSignal) {
  const page = await deps.quarantine.page(['released'], after, PAGE);
  const keys = page.map(({ key }) => key);
  const old = await deps.quarantine.releasedFor(COPY_KEPT_SECONDS, keys);
  const names = await deps.rows.namesOf(keys);
  for (const object of page) {
    if (names.get(object.key) === 'intent') await endRelease(deps, object, ended, signal);
    else if (old.has(object.key)) await unlessUnreadable(deps.store, () => endOld(deps, object, ended, signal));
  }
  return page;
}

async function endOld(
  deps: EndReleasesDeps,
  object: QuarantinedObject,
  ended: Ended,
  signal: AbortSignal,
): Promise<void> {
  const { store, rows, quarantine, log } = deps;
  const { key } = object;
  // names behind the store: whoever deletes writes that down first
  if ((await isSameObject(store, key, object)) || (await rows.namesOf([key])).get(key) === 'intent')
    return await endRelease(deps, object, ended, signal);
  signal.throwIfAborted();
  log.warn({}, 'an object that was released is gone from its key: it is held in quarantine again');
  if (await quarantine.turn(key, 'released', 'held')) ended.held_again += 1;
}

async function endRelease(
  { store, quarantine }: EndReleasesDeps,
  { key, quarantineKey }: QuarantinedObject,
  ended: Ended,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await store.deleteMany([quarantineKey]);
  await quarantine.forget(key, 'released');
  ended.releases_ended += 1;
}
