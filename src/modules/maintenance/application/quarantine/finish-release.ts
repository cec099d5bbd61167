import type { QuarantinedObject } from '../../domain/quarantine';
import type { MoveDeps } from './move-away';
import { isSameObject } from './same-object';

/**
 * Goes on from wherever the release was cut short. The copy in quarantine stays for a while (`endReleases`): a deletion of the key that
 * was sent when the object was moved away may still be under way, of a process that has lost the lock, and takes what lies there now.
 * @returns false where it had to stay
 */
export async function finishRelease(deps: MoveDeps, object: QuarantinedObject, signal: AbortSignal): Promise<boolean> {
  const { store, quarantine } = deps;
  const { key, quarantineKey } = object;
  const isInQuarantine = (await store.head(quarantineKey)) !== null;
  if (isInQuarantine && (await store.head(key)) === null) {
    signal.throwIfAborted();
    await store.copy(quarantineKey, key);
  }
  if (isInQuarantine && !(await isSameObject(store, key, object))) {
    await quarantine.turn(key, 'releasing', 'held');
    return false;
  }
  await quarantine.turn(key, 'releasing', 'released');
  return true;
}
