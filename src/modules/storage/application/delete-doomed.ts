import type { AttemptId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import { notDeletedOf } from '../../../kernel/objects-not-deleted';
import { unlessUnreadable } from '../../../kernel/unless-unreadable';
import type { DoomedIntent, DrainableStore } from '../domain/intent-journal';
import { type HoldDeps, holdForBackups } from './hold';

export interface DeleteDoomedDeps {
  readonly store: DrainableStore & HoldDeps['store'];
  /** Backups that are being made. */
  readonly pins: HoldDeps['pins'];
  readonly log: Log;
}

const IDS_LOGGED = 10;

/**
 * Deletes the objects of these intents, those of rows after they are held for backups. An object that its store keeps (a lock, a
 * policy, a damage) keeps no other.
 * @returns the intents of which something is left, though the store answers
 * @throws AppError STORAGE_UNAVAILABLE where it does not
 */
export async function deleteDoomed(
  deps: DeleteDoomedDeps,
  doomed: readonly DoomedIntent[],
): Promise<ReadonlySet<AttemptId>> {
  const left: AttemptId[] = [];
  const unheld = await holdForBackups(deps, keysOfRows(doomed));
  const whole = doomed.filter((intent) => !isFolder(intent) && !unheld.has(keyOf(intent)));
  const undeleted = await notDeletedOf(deps.store.deleteMany(whole.map(keyOf)));
  for (const intent of doomed.filter((intent) => !isFolder(intent))) {
    if (unheld.has(keyOf(intent)) || undeleted?.keys.has(keyOf(intent))) left.push(intent.id);
  }
  for (const intent of doomed.filter(isFolder)) if (!(await isEmptied(deps.store, intent))) left.push(intent.id);
  if (left.length > 0) {
    deps.log.error(
      { err: undeleted ?? undefined, undeletable: left.length, intent_ids: left.slice(0, IDS_LOGGED) },
      'objects can’t be deleted, though their store answers; all others were',
    );
  }
  return new Set(left);
}

/**
 * What a snapshot may name: single keys, whose rows are gone. Attempts that end in a folder were never committed, and a tombstone's
 * object was held, if it had to be, when it was deleted for the first time.
 */
function keysOfRows(doomed: readonly DoomedIntent[]): ObjectKey[] {
  return doomed.filter((intent) => intent.state === 'draining' && !isFolder(intent)).map(keyOf);
}

/** A folder is listed first, because what is in it is known only to the store. */
async function isEmptied(store: DeleteDoomedDeps['store'], { prefix }: DoomedIntent): Promise<boolean> {
  const kept = await unlessUnreadable(store, async () => {
    const keys: ObjectKey[] = [];
    for await (const { key } of store.list(prefix as KeyPrefix)) keys.push(key);
    return await notDeletedOf(store.deleteMany(keys));
  });
  return kept === null;
}

const isFolder = ({ prefix }: DoomedIntent) => prefix.endsWith('/');
const keyOf = ({ prefix }: DoomedIntent) => prefix as ObjectKey;
