import type { QuarantinedObject } from '../../domain/quarantine';
import type { MoveDeps } from './move-away';
import { isSameObject } from './same-object';

/** Goes on from wherever the release was cut short. @returns false where it had to stay */
export async function finishRelease(deps: MoveDeps, object: QuarantinedObject): Promise<boolean> {
  const { store, quarantine } = deps;
  const { key, quarantineKey } = object;
  const isInQuarantine = (await store.head(quarantineKey)) !== null;
  if (isInQuarantine && (await store.head(key)) === null) await store.copy(quarantineKey, key);
  if (isInQuarantine && !(await isSameObject(store, key, object))) {
    await quarantine.turn(key, 'releasing', 'held');
    return false;
  }
  await store.deleteMany([quarantineKey]);
  await quarantine.forget(key, 'releasing');
  return true;
}
