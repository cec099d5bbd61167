import { inPages } from '../../../../kernel/in-pages';
import { type KeyPrefix, objectKey } from '../../../../kernel/object-key';
import { unlessUnreadable } from '../../../../kernel/unless-unreadable';
import type { AuditedStore, ListedObject } from '../../domain/audit';
import { compareSorted } from '../../domain/compare-sorted';
import type { TaskRun } from '../../domain/maintenance-run';
import { originOf, type QuarantinedObject } from '../../domain/quarantine';
import { inGroups } from '../audit/in-groups';
import { letOthersIn } from '../exclusively';
import { type BringBackDeps, bringBackUnderLock } from './bring-back';
import type { MoveDeps } from './move-away';

export interface ReconcileDeps extends BringBackDeps {
  readonly store: MoveDeps['store'] & Pick<AuditedStore, 'list'>;
}

const QUARANTINE = 'quarantine/' as unknown as KeyPrefix;
const PAGE = 1000;
/** Under one turn of the lock. */
const AT_ONCE = 100;

/**
 * Compares what lies in quarantine with its journal, both ways: a restore and a return to an earlier moment lose rows, and a hand in the
 * bucket loses objects. An object without a row is held anew, from now on, or brought back where a product's row names its key; a row
 * whose object is gone ends. Each is looked at once more under the lock, without which nothing is moved.
 * @param isToMend otherwise they are only counted
 */
export async function reconcileQuarantine(deps: ReconcileDeps, run: TaskRun, isToMend: boolean): Promise<void> {
  // the listing first: an object has its row before it is copied
  const objects = inPages(deps.store.list(QUARANTINE), PAGE);
  for await (const pairs of compareSorted(objects, deps.quarantine.pagesInQuarantine())) {
    run.signal.throwIfAborted();
    const unnamed = pairs.flatMap(({ left, right }) => (left && !right ? [left] : []));
    const empty = pairs.flatMap(({ left, right }) => (right?.object.state === 'held' && !left ? [right.object] : []));
    if (unnamed.length > 0) run.count('stranded', unnamed.length);
    if (empty.length > 0) run.count('quarantine_lost', empty.length);
    if (!isToMend) continue;
    await underLock(deps, run, unnamed, (object, lost) => adopt(deps, run, object, lost));
    await underLock(deps, run, empty, (object, lost) => endEmpty(deps, run, object, lost));
  }
}

async function underLock<Item>(
  deps: ReconcileDeps,
  run: TaskRun,
  items: readonly Item[],
  work: (item: Item, lost: AbortSignal) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    if (start > 0) await letOthersIn();
    run.signal.throwIfAborted();
    await deps.exclusively((lost) =>
      inGroups(items.slice(start, start + AT_ONCE), async (item) => {
        const isDone = await unlessUnreadable(deps.store, () => work(item, lost).then(() => true));
        if (!isDone) run.count('unreadable');
      }),
    );
  }
}

/** What this software has not put there has no key to go back to, and stays as it is. */
async function adopt(deps: ReconcileDeps, run: TaskRun, { key }: ListedObject, lost: AbortSignal): Promise<void> {
  const { store, quarantine, log } = deps;
  const origin = originOf(key);
  const head = origin && (await store.head(objectKey(key)));
  if (!origin || !head) return;
  lost.throwIfAborted();
  const { sizeBytes, sha256 } = head;
  const reason = 'found in quarantine, where no row named it';
  const isNew = await quarantine.adopt({ key: origin, quarantineKey: key, sizeBytes, sha256, reason });
  if (isNew) {
    run.count('adopted');
    if (await bringBackUnderLock(deps, origin, lost)) run.count('brought_back');
  } else log.warn({ run_id: run.id }, 'an object in quarantine has no row: another one of its key is held');
}

async function endEmpty(
  { store, quarantine, log }: ReconcileDeps,
  run: TaskRun,
  { key, quarantineKey }: QuarantinedObject,
  lost: AbortSignal,
): Promise<void> {
  const row = await quarantine.byKey(key);
  if (row?.quarantineKey !== quarantineKey || (await store.head(quarantineKey)) !== null) return;
  lost.throwIfAborted();
  log.error({ run_id: run.id }, 'an object that was held in quarantine is gone');
  await quarantine.forget(key, 'held');
}
