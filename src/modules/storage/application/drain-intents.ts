import type { AttemptId } from '../../../kernel/ids';
import type { DoomedIntent, DoomedIntents, DoomedScope } from '../domain/intent-journal';
import { type DeleteDoomedDeps, deleteDoomed } from './delete-doomed';

export interface DrainDeps extends DeleteDoomedDeps {
  readonly intents: DoomedIntents;
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
  /** Intents of which the store, though it answers, keeps an object: asked again by every drain. */
  undeletable: number;
}

const PAGE = 500;
const NOTHING: Readonly<DrainReport> = { expired: 0, drained: 0, repeated: 0, buried: 0, refused: 0, undeletable: 0 };

/**
 * Deletes what dead attempts and removed rows left in the store. Crash-safe at every step and safe to run twice at once:
 * the claim is committed before anything is deleted, and deleting twice does no harm. On hold it ends, behind the page that is under
 * way; what a seller asks for of one product (`within`) is done all the same.
 * @param signal ends it behind the page that is under way
 * @throws AppError STORAGE_UNAVAILABLE; signal.reason when it is to stop
 */
export const drainIntents =
  (deps: DrainDeps) =>
  async (scope: DoomedScope = {}, signal?: AbortSignal): Promise<DrainReport> => {
    const report: DrainReport = { ...NOTHING };
    const isHeld = async () => scope.within === undefined && (await deps.onHold());
    if (await isHeld()) return report;
    report.expired = await deps.intents.claimExpired();
    // Only a tombstone that was over before this pass began is over after it: its deletion came later than its last PUT.
    const asOf = await deps.intents.now();
    for (let after: AttemptId | null = null; ; ) {
      const page: DoomedIntent[] = await deps.intents.page(after, PAGE, scope);
      if (page.length === 0 || (await isHeld())) return report;
      signal?.throwIfAborted();
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
  const left = await deleteDoomed(deps, doomed);
  const gone = doomed.filter(({ id }) => !left.has(id));
  const draining = idsIn(gone, 'draining');
  const tombstones = idsIn(gone, 'tombstone');
  await deps.intents.entomb(draining);
  const buried = await deps.intents.bury(tombstones, asOf);
  report.undeletable += left.size;
  report.drained += draining.length;
  report.buried += buried;
  report.repeated += tombstones.length - buried;
}

function idsIn(intents: readonly DoomedIntent[], state: DoomedIntent['state']): AttemptId[] {
  return intents.filter((intent) => intent.state === state).map(({ id }) => id);
}
