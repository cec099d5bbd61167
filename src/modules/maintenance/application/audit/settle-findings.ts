import type { Clock } from '../../../../kernel/clock';
import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import {
  AuditBrake,
  type AuditedStore,
  type AuditFindings,
  type Finding,
  type FindingState,
  type NamingRows,
} from '../../domain/audit';
import type { TaskRun } from '../../domain/maintenance-run';
import { finishMoves } from '../quarantine/finish-moves';
import { type MoveDeps, moveAway } from '../quarantine/move-away';
import { unlessUnreadable } from '../unless-unreadable';
import { faultOf, type JudgeDeps } from './judge';

export interface SettleDeps extends MoveDeps {
  readonly store: AuditedStore;
  readonly rows: Pick<NamingRows, 'byKeys' | 'namesOf' | 'markDamaged'>;
  readonly findings: Pick<AuditFindings, 'open' | 'settle' | 'countOrphans' | 'countWrong'>;
  readonly digests: JudgeDeps['digests'];
  readonly clock: Clock;
  readonly log: Log;
  /** AUDIT_MIN_AGE_SECONDS: younger objects are left alone, whatever they look like. */
  readonly minAgeSeconds: number;
  readonly brake: { readonly min: number; readonly share: number };
}

type Deps = SettleDeps & Pick<JudgeDeps, 'deep'>;
type Settled = { readonly state: Exclude<FindingState, 'found'>; readonly why?: string };

const PAGE = 200;
const UNREADABLE: Settled = { state: 'reported', why: 'it can’t be read, though its store answers' };

/**
 * Deals with what the walk has found. Each finding is asked again by key; one that is settled stays so, and the rest is there for
 * whoever takes the run up.
 * @param cursor saved with the counts after each page
 * @throws AuditBrake before anything is touched
 */
export async function settleFindings(deps: Deps, run: TaskRun, mode: 'report' | 'act', cursor: string): Promise<void> {
  await brake(deps, run, mode);
  if (mode === 'act') await deps.exclusively((lost) => finishMoves(deps, AbortSignal.any([lost, run.signal])));
  for (let after: ObjectKey | null = null; ; ) {
    const page: readonly Finding[] = await deps.findings.open(run.findingsRunId, after, PAGE);
    if (page.length === 0) return;
    for (const finding of page) {
      run.signal.throwIfAborted();
      await settle(deps, run, finding, mode);
    }
    after = page.at(-1)?.key ?? null;
    await run.save(cursor);
  }
}

async function brake(deps: Deps, run: TaskRun, mode: 'report' | 'act'): Promise<void> {
  const { objects = 0, rows = 0 } = run.counts;
  const wrong = await deps.findings.countWrong(run.findingsRunId);
  await brakeAt(deps, run, wrong, rows, `${wrong} of ${rows} rows name no object, or another one than they say`);
  if (mode === 'report') return;
  const orphans = await deps.findings.countOrphans(run.findingsRunId, oldestYoung(deps));
  await brakeAt(deps, run, orphans, objects, `${orphans} of ${objects} objects have no row`);
}

async function brakeAt(deps: Deps, run: TaskRun, found: number, all: number, says: string): Promise<void> {
  // a store that has nothing at all is never the rows' own, however few they are
  const isEmpty = (run.counts.objects ?? 0) === 0;
  const limit = isEmpty ? 0 : Math.max(deps.brake.min, Math.floor(deps.brake.share * all));
  if (found <= limit) return;
  await run.save(null); // nobody is to take up what was stopped for a reason
  deps.log.error({ found, all, limit }, 'the audit has stopped: too much is wrong, nothing was touched');
  throw new AuditBrake(says, limit);
}

async function settle(deps: Deps, run: TaskRun, finding: Finding, mode: 'report' | 'act'): Promise<void> {
  const { key, kind } = finding;
  const settled =
    (await unlessUnreadable(deps.store, () =>
      kind === 'orphan' ? settleOrphan(deps, run, finding, mode) : settleWrong(deps, run, finding),
    )) ?? UNREADABLE;
  if (settled === UNREADABLE) run.count('unreadable');
  await deps.findings.settle(run.findingsRunId, key, settled.state, settled.why);
  run.count(settled.state);
}

async function settleOrphan(
  deps: Deps,
  run: TaskRun,
  { key, details }: Finding,
  mode: 'report' | 'act',
): Promise<Settled> {
  const head = await deps.store.head(key);
  if (!head) return { state: 'cleared', why: 'the object is gone' };
  const name = (await deps.rows.namesOf([key])).get(key);
  if (name) return { state: 'cleared', why: `named by ${name} by now` };
  // asked of both: a listing may tell milliseconds where a HEAD has seconds
  const modified = Math.max(head.lastModified.getTime(), Date.parse(details.last_modified ?? ''));
  if (modified > oldestYoung(deps).getTime()) {
    run.count('young');
    return { state: 'reported', why: 'younger than AUDIT_MIN_AGE_SECONDS' };
  }
  if (head.sizeBytes !== details.size_bytes) return { state: 'reported', why: 'it has changed since it was listed' };
  if (mode === 'report') return { state: 'reported' };
  return await deps.exclusively((lost) => moveAway(deps, run.id, head, lost));
}

function oldestYoung({ clock, minAgeSeconds }: Deps): Date {
  return new Date(clock().getTime() - minAgeSeconds * 1000);
}

async function settleWrong(deps: Deps, run: TaskRun, finding: Finding): Promise<Settled> {
  const { key } = finding;
  const [row] = await deps.rows.byKeys([key]);
  if (!row) return { state: 'cleared', why: 'no row names it any more' };
  const fault = await faultOf(deps, row);
  if (!fault) return { state: 'cleared', why: 'it is as its row says' };
  deps.log.error(
    { run_id: run.id, kind: fault.kind, image_id: row.imageId, object: row.kind },
    'an object is not what its row says',
  );
  if (row.kind === 'original') run.count('damaged', await deps.rows.markDamaged(key));
  return { state: 'reported' };
}
