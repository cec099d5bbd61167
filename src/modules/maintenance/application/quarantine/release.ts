import type { ObjectKey } from '../../../../kernel/object-key';
import type { MaintenanceHold } from '../../domain/maintenance-hold';
import { type QuarantinedObject, ReleaseRefused } from '../../domain/quarantine';
import { letOthersIn } from '../exclusively';
import { finishMoves } from './finish-moves';
import { finishRelease } from './finish-release';
import type { MoveDeps } from './move-away';
import { isSameObject } from './same-object';

const PAGE = 100;

export interface ReleaseDeps extends MoveDeps {
  readonly holds: Pick<MaintenanceHold, 'current'>;
}

/**
 * Brings an object back to its key; safe to repeat. It is young again there: an audit leaves it alone for AUDIT_MIN_AGE_SECONDS, in
 * which it can be given its row. It deletes nothing, and so is done while upkeep is on hold, too.
 * @throws ReleaseRefused: it stays in quarantine
 */
export const releaseObject =
  (deps: ReleaseDeps) =>
  (key: ObjectKey): Promise<void> =>
    deps.exclusively(async (lost) => {
      await finishWhatMayBe(deps, lost);
      const object = await deps.quarantine.byKey(key);
      if (!object) throw new ReleaseRefused(key, 'it is not in quarantine');
      await release(deps, object, lost);
    });

/**
 * To end a move is to delete objects: on hold only releases are ended. Asked under the lock: whoever places a hold and then has the lock
 * knows that nothing goes on.
 */
async function finishWhatMayBe(deps: ReleaseDeps, lost: AbortSignal): Promise<void> {
  await finishMoves(deps, lost, (await deps.holds.current()) ? ['releasing'] : ['moving', 'releasing']);
}

interface Released {
  released: number;
  readonly refused: ReleaseRefused[];
}

/** All that are held, a page at a time. @returns how many came back, and why the others did not */
export const releaseAll = (deps: ReleaseDeps) => async (): Promise<Released> => {
  const done: Released = { released: 0, refused: [] };
  await deps.exclusively((lost) => finishWhatMayBe(deps, lost));
  for (let after: ObjectKey | null = null; ; ) {
    const page: readonly QuarantinedObject[] = await deps.exclusively((lost) => releasePage(deps, after, done, lost));
    if (page.length < PAGE) return done;
    after = page.at(-1)?.key ?? null;
    await letOthersIn();
  }
};

async function releasePage(deps: MoveDeps, after: ObjectKey | null, done: Released, lost: AbortSignal) {
  const page = await deps.quarantine.page(['held'], after, PAGE);
  for (const object of page) {
    const refusal = await release(deps, object, lost).catch(refusedOrThrow);
    if (refusal) done.refused.push(refusal);
    else done.released += 1;
  }
  return page;
}

export function refusedOrThrow(error: unknown): ReleaseRefused {
  if (error instanceof ReleaseRefused) return error;
  throw error;
}

export async function release(deps: MoveDeps, object: QuarantinedObject, lost: AbortSignal): Promise<void> {
  const { key } = object;
  const isReleased = object.state === 'released';
  if (isReleased && (await isSameObject(deps.store, key, object))) return;
  if (object.state === 'expiring') throw new ReleaseRefused(key, 'it is being deleted');
  const refusal = await refusalOf(deps, object);
  if (refusal) throw new ReleaseRefused(key, refusal);
  if (!(await deps.quarantine.turn(key, isReleased ? 'released' : 'held', 'releasing')))
    throw new ReleaseRefused(key, `it is ${object.state}`);
  if (!(await finishRelease(deps, object, lost)))
    throw new ReleaseRefused(key, 'its copy under its key was not the same');
}

async function refusalOf({ store, rows }: MoveDeps, object: QuarantinedObject): Promise<string | null> {
  const { key, quarantineKey } = object;
  if ((await store.head(quarantineKey)) === null) return 'its bytes are not in quarantine';
  const isTaken = (await store.head(key)) !== null && !(await isSameObject(store, key, object));
  if (isTaken) return 'its key holds other bytes';
  // an intent's sweep would delete it at once
  return (await rows.namesOf([key])).get(key) === 'intent'
    ? 'an intent names its key: what lies there may be deleted'
    : null;
}
