import type { ObjectKey } from '../../../../kernel/object-key';
import { type QuarantinedObject, ReleaseRefused } from '../../domain/quarantine';
import { letOthersIn } from '../exclusively';
import { finishMoves } from './finish-moves';
import { finishRelease } from './finish-release';
import type { MoveDeps } from './move-away';
import { isSameObject } from './same-object';

const PAGE = 100;

/**
 * Brings an object back to its key; safe to repeat. It is young again there: an audit leaves it alone for AUDIT_MIN_AGE_SECONDS, in
 * which it can be given its row.
 * @throws ReleaseRefused: it stays in quarantine
 */
export const releaseObject =
  (deps: MoveDeps) =>
  (key: ObjectKey): Promise<void> =>
    deps.exclusively(async () => {
      await finishMoves(deps);
      const object = await deps.quarantine.byKey(key);
      if (!object) throw new ReleaseRefused(key, 'it is not in quarantine');
      await release(deps, object);
    });

interface Released {
  released: number;
  readonly refused: ReleaseRefused[];
}

/** All that are held, a page at a time. @returns how many came back, and why the others did not */
export const releaseAll = (deps: MoveDeps) => async (): Promise<Released> => {
  const done: Released = { released: 0, refused: [] };
  await deps.exclusively(() => finishMoves(deps));
  for (let after: ObjectKey | null = null; ; ) {
    const page: readonly QuarantinedObject[] = await deps.exclusively(() => releasePage(deps, after, done));
    if (page.length < PAGE) return done;
    after = page.at(-1)?.key ?? null;
    await letOthersIn();
  }
};

async function releasePage(deps: MoveDeps, after: ObjectKey | null, done: Released) {
  const page = await deps.quarantine.page(['held'], after, PAGE);
  for (const object of page) {
    const refusal = await release(deps, object).catch(refusedOrThrow);
    if (refusal) done.refused.push(refusal);
    else done.released += 1;
  }
  return page;
}

function refusedOrThrow(error: unknown): ReleaseRefused {
  if (error instanceof ReleaseRefused) return error;
  throw error;
}

async function release(deps: MoveDeps, object: QuarantinedObject): Promise<void> {
  const { key } = object;
  if (object.state === 'expiring') throw new ReleaseRefused(key, 'it is being deleted');
  const refusal = await refusalOf(deps, object);
  if (refusal) throw new ReleaseRefused(key, refusal);
  if (!(await deps.quarantine.turn(key, 'held', 'releasing'))) throw new ReleaseRefused(key, `it is ${object.state}`);
  if (!(await finishRelease(deps, object))) throw new ReleaseRefused(key, 'its copy under its key was not the same');
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
