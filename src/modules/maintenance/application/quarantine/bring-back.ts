import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { QuarantinedObject } from '../../domain/quarantine';
import { finishRelease } from './finish-release';
import type { MoveDeps } from './move-away';
import { refusedOrThrow, release } from './release';

export interface BringBackDeps extends MoveDeps {
  readonly log: Log;
}

/**
 * Releases the object of a key that a row names: its rows were away when it was moved, and nothing else would ever take it from there.
 * @returns false where there is none, or it has to stay
 */
export async function bringBack(deps: BringBackDeps, key: ObjectKey): Promise<boolean> {
  // hardly ever is there one: nobody is kept from the lock for nothing
  if (!(await deps.quarantine.byKey(key))) return false;
  return await deps.exclusively((lost) => bringBackUnderLock(deps, key, lost));
}

/** @see bringBack */
export async function bringBackUnderLock(deps: BringBackDeps, key: ObjectKey, lost: AbortSignal): Promise<boolean> {
  const object = await deps.quarantine.byKey(key);
  if (!object || (await deps.rows.namesOf([key])).get(key) !== 'row') return false;
  const refused = await releaseFrom(deps, object, lost);
  if (refused === null) deps.log.warn({}, 'an object that a row names was in quarantine: it is back');
  else deps.log.error({ why: refused }, 'a row names an object in quarantine, which has to stay there');
  return refused === null;
}

/** @returns why it has to stay */
async function releaseFrom(deps: MoveDeps, object: QuarantinedObject, lost: AbortSignal): Promise<string | null> {
  // a process that died had begun it
  if (object.state === 'releasing')
    return (await finishRelease(deps, object, lost)) ? null : 'its copy under its key was not the same';
  const refused = await release(deps, object, lost).then(() => null, refusedOrThrow);
  return refused?.why ?? null;
}
