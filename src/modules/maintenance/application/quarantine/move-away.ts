import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { AuditedStore, NamingRows, ObjectHead } from '../../domain/audit';
import type { RunId } from '../../domain/maintenance-run';
import { type QuarantinedObject, type QuarantineJournal, quarantineKeyOf } from '../../domain/quarantine';
import { isSameObject } from './same-object';

export interface MoveDeps {
  readonly store: Pick<AuditedStore, 'head' | 'get' | 'copy' | 'deleteMany' | 'check'>;
  readonly rows: Pick<NamingRows, 'namesOf'>;
  readonly quarantine: QuarantineJournal;
  /** One process at a time moves objects into quarantine or out of it. */
  readonly exclusively: <Result>(work: (lost: AbortSignal) => Promise<Result>) => Promise<Result>;
}

type Moved = { readonly state: 'quarantined' | 'cleared' | 'reported'; readonly why?: string };

/**
 * Moves an object to quarantine, in steps of which each can be the last: written down as moving; copied; compared; deleted under its
 * key; written down as held. Until the deletion it can be had under its key.
 * @param signal of the lock: nothing is deleted when it is lost
 */
export async function moveAway(deps: MoveDeps, run: RunId, head: ObjectHead, signal: AbortSignal): Promise<Moved> {
  const quarantineKey = usableKey(quarantineKeyOf(run, head.key));
  if (!quarantineKey || !usableKey(head.key))
    return { state: 'reported', why: 'no store could hold its key in quarantine' };
  const { key, sizeBytes, sha256 } = head;
  const isBegun = await deps.quarantine.begin({
    key,
    quarantineKey,
    sizeBytes,
    sha256,
    reason: 'named by no row and no intent',
  });
  if (!isBegun) return { state: 'reported', why: 'another object of this key is in quarantine' };
  return await finishMove(deps, { key, quarantineKey, sizeBytes, sha256 }, signal);
}

/** Goes on from wherever the move was cut short. */
export async function finishMove(
  deps: MoveDeps,
  object: Pick<QuarantinedObject, 'key' | 'quarantineKey' | 'sizeBytes' | 'sha256'>,
  signal: AbortSignal,
): Promise<Moved> {
  const { store, quarantine } = deps;
  const { key, quarantineKey } = object;
  if ((await store.head(key)) !== null) {
    const problem = await problemBeforeDeletion(deps, object);
    signal.throwIfAborted();
    if (problem) return await takeBack(deps, object, problem);
    await store.deleteMany([key]);
  } else if ((await store.head(quarantineKey)) === null) {
    await quarantine.forget(key, 'moving');
    return { state: 'cleared', why: 'the object is gone' };
  }
  await quarantine.turn(key, 'moving', 'held');
  return { state: 'quarantined' };
}

/** Copies and compares; why the original must stay, or null. Names are asked for last: just before the deletion. */
async function problemBeforeDeletion(
  { store, rows }: MoveDeps,
  object: Pick<QuarantinedObject, 'key' | 'quarantineKey' | 'sizeBytes' | 'sha256'>,
): Promise<Moved | null> {
  const { key, quarantineKey } = object;
  if (!(await isSameObject(store, key, object)))
    return { state: 'reported', why: 'it has changed since it was listed' };
  if ((await store.head(quarantineKey)) === null) await store.copy(key, quarantineKey);
  if (!(await isSameObject(store, quarantineKey, object)))
    return { state: 'reported', why: 'its copy was not the same' };
  const name = (await rows.namesOf([key])).get(key);
  return name ? { state: 'cleared', why: `named by ${name} by now` } : null;
}

/** The original has not been touched: only its copy goes. */
async function takeBack(
  { store, quarantine }: MoveDeps,
  { key, quarantineKey }: Pick<QuarantinedObject, 'key' | 'quarantineKey'>,
  problem: Moved,
): Promise<Moved> {
  await store.deleteMany([quarantineKey]);
  await quarantine.forget(key, 'moving');
  return problem;
}

function usableKey(text: string): ObjectKey | null {
  try {
    return objectKey(text);
  } catch {
    return null;
  }
}
