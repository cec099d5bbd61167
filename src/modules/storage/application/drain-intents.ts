import type { AttemptId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { DoomedIntent, DoomedIntents, DoomedScope, DrainableStore } from '../domain/intent-journal';
import { type HoldDeps, holdForBackups } from './hold';

export interface DrainDeps {
  readonly intents: DoomedIntents;
  readonly store: DrainableStore & HoldDeps['store'];
  /** Backups that are being made. */
  readonly pins: HoldDeps['pins'];
  readonly log: Log;
  /** Whether nothing may be deleted at present by anybody who was not asked to by a seller. */
  readonly onHold: () => Promise<boolean>;
}

export interface DrainReport {
  /** Open intents whose time was over. */
  expired: number;
  /** Intents whose objects were deleted for the first time. */
  drained: number;
  /** Tombstones that were deleted after once more, and stay. */
  repeated: number;
  /** Tombstones whose time was over. */
  buried: number;
  /** Intents left alone because a row names their objects: never to be seen; look into the log. */
  refused: number;
}

const PAGE = 500;
const NOTHING: Readonly<DrainReport> = { expired: 0, drained: 0, repeated: 0, buried: 0, refused: 0 };

/**
 * Deletes what dead attempts and removed rows left in the store. Crash-safe at every step and safe to run twice at once:
 * the claim is committed before anything is deleted, and deleting twice does no harm. On hold it ends, behind the page that is under
 * way; what a seller asks for of one product (`within`) is done all the same.
 */
export const drainIntents =
  (deps: DrainDeps) =>
  async (scope: DoomedScope = {}): Promise<DrainReport> => {
    const report: DrainReport = { ...NOTHING };
    const isHeld = async () => scope.within === undefined && (await deps.onHold());
    if (await isHeld()) return report;
    report.expired = await deps.intents.claimExpired();
    // Only a tombstone that was over before this pass began is over after it: its deletion came later than its last PUT.
    const asOf = await deps.intents.now();
    for (let after: AttemptId | null = null; ; ) {
      const page: DoomedIntent[] = await deps.intents.page(after, PAGE, scope);
      if (page.length === 0 || (await isHeld())) return report;
      await drainPage(deps, page, asOf, report);
      after = page.at(-1)?.id ?? null;
    }
  };

/** Deletes the objects of one intent at once: the end of a refused upload. It must be draining already. */
export const drainOne =
  (deps: Omit<DrainDeps, 'onHold'>) =>
  async (id: AttemptId): Promise<void> => {
    const intent = await deps.intents.byId(id);
    if (intent) await drainPage(deps, [intent], await deps.intents.now(), { ...NOTHING });
  };

async function drainPage(
  deps: Omit<DrainDeps, 'onHold'>,
  page: readonly DoomedIntent[],
  asOf: Date,
  report: DrainReport,
): Promise<void> {
  const named = await deps.intents.named(page);
  for (const intent of page.filter(({ id }) => named.has(id))) {
    report.refused += 1;
    deps.log.error(
      { intent_id: intent.id, kind: intent.kind, state: intent.state },
      'not drained: a row names its objects',
    );
  }
  const doomed = page.filter(({ id }) => !named.has(id));
  await holdForBackups(deps, keysOfRows(doomed));
  await deleteObjects(deps.store, doomed);
  const draining = idsIn(doomed, 'draining');
  const tombstones = idsIn(doomed, 'tombstone');
  await deps.intents.entomb(draining);
  const buried = await deps.intents.bury(tombstones, asOf);
  report.drained += draining.length;
  report.buried += buried;
  report.repeated += tombstones.length - buried;
}

/**
 * What a snapshot may name: single keys, whose rows are gone. Attempts that end in a folder were never committed, and a tombstone's
 * object was held, if it had to be, when it was deleted for the first time.
 */
function keysOfRows(doomed: readonly DoomedIntent[]): ObjectKey[] {
  return doomed
    .filter(({ prefix, state }) => state === 'draining' && !prefix.endsWith('/'))
    .map(({ prefix }) => prefix as ObjectKey);
}

/** Whole keys go in batches; a folder is listed first, because what is in it is known only to the store. */
async function deleteObjects(store: DrainableStore, doomed: readonly DoomedIntent[]): Promise<void> {
  const isFolder = ({ prefix }: DoomedIntent) => prefix.endsWith('/');
  await store.deleteMany(doomed.filter((intent) => !isFolder(intent)).map(({ prefix }) => prefix as ObjectKey));
  for (const { prefix } of doomed.filter(isFolder)) {
    const keys: ObjectKey[] = [];
    for await (const { key } of store.list(prefix as KeyPrefix)) keys.push(key);
    await store.deleteMany(keys);
  }
}

function idsIn(intents: readonly DoomedIntent[], state: DoomedIntent['state']): AttemptId[] {
  return intents.filter((intent) => intent.state === state).map(({ id }) => id);
}
