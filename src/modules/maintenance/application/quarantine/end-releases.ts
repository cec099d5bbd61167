import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { QuarantinedObject } from '../../domain/quarantine';
import { letOthersIn } from '../exclusively';
import { unlessUnreadable } from '../unless-unreadable';
import type { MoveDeps } from './move-away';
import { isSameObject } from './same-object';

export interface EndReleasesDeps extends MoveDeps {
  readonly log: Log;
}

const PAGE = 100;
/** No request is under way for so long. */
const COPY_KEPT_SECONDS = 3600;

/**
 * Of objects that were released an hour ago and are at their keys still, the copy in quarantine goes. One that is gone from there though
 * nobody asked for that is held again.
 */
export async function endReleases(deps: EndReleasesDeps, signal: AbortSignal): Promise<void> {
  for (let after: ObjectKey | null = null; ; ) {
    signal.throwIfAborted();
    const page: readonly QuarantinedObject[] = await deps.exclusively((lost) =>
      endPage(deps, after, AbortSignal.any([lost, signal])),
    );
    if (page.length < PAGE) return;
    after = page.at(-1)?.key ?? null;
    await letOthersIn();
  }
}

async function endPage(deps: EndReleasesDeps, after: ObjectKey | null, signal: AbortSignal) {
  const page = await deps.quarantine.releasedFor(COPY_KEPT_SECONDS, after, PAGE);
  for (const object of page) await unlessUnreadable(deps.store, () => endRelease(deps, object, signal));
  return page;
}

async function endRelease(deps: EndReleasesDeps, object: QuarantinedObject, signal: AbortSignal): Promise<void> {
  const { store, rows, quarantine, log } = deps;
  const { key, quarantineKey } = object;
  const isThere = await isSameObject(store, key, object);
  const isDeleted = !isThere && (await rows.namesOf([key])).get(key) === 'intent';
  signal.throwIfAborted();
  if (!isThere && !isDeleted) {
    log.warn({}, 'an object that was released is gone from its key: it is held in quarantine again');
    await quarantine.turn(key, 'released', 'held');
    return;
  }
  await store.deleteMany([quarantineKey]);
  await quarantine.forget(key, 'released');
}
