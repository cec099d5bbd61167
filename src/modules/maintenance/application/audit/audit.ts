import type { Clock } from '../../../../kernel/clock';
import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import { type AuditBrake, type NamingRows, UnknownBucketNamed } from '../../domain/audit';
import type { TaskReport, TaskRun } from '../../domain/maintenance-run';
import { type ReconcileDeps, reconcileQuarantine } from '../quarantine/reconcile';
import type { RunTask } from '../run-task';
import { type BrakeDeps, brakeOfOrphans, brakeOfRows } from './brake';
import { type SettleDeps, settleFindings } from './settle-findings';
import { type WalkDeps, walk } from './walk';

export interface AuditDeps extends Omit<WalkDeps, 'deep'>, SettleDeps, ReconcileDeps, BrakeDeps {
  readonly store: WalkDeps['store'] & SettleDeps['store'];
  readonly quarantine: SettleDeps['quarantine'];
  readonly rows: NamingRows;
  readonly findings: WalkDeps['findings'] & SettleDeps['findings'] & BrakeDeps['findings'];
  readonly digests: WalkDeps['digests'];
  readonly runTask: RunTask;
  readonly clock: Clock;
  /** AUDIT_MIN_AGE_SECONDS: younger objects are left alone. */
  readonly minAgeSeconds: number;
  readonly log: Log;
}

/**
 * - `look`: findings are written down, and nothing else is changed
 * - `report`: images whose original is missing or wrong are called damaged, too, and the journal of the quarantine is put right
 * - `act`: and orphans are moved to quarantine
 */
export type AuditMode = 'look' | 'report' | 'act';

export interface AuditOptions {
  readonly mode: AuditMode;
  /** Compares the sha-256 of every object, read from its bytes where the store keeps none that it verified itself. */
  readonly deep?: boolean;
  /** Begins anew, where an earlier run was cut short. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
  /** Told after every page. */
  readonly onProgress?: (counts: TaskRun['counts']) => void;
}

export interface AuditReport extends TaskReport {
  /** Too much is wrong for an audit that acts; null where one may. */
  readonly wouldStop: AuditBrake | null;
}

interface Cursor {
  readonly phase: 'walk' | 'settle';
  readonly after: ObjectKey | null;
  readonly deep: boolean;
  /** What a walk finds is the same in every mode; what became of it is not. */
  readonly mode: AuditMode;
}

/**
 * Compares store and database both ways, the quarantine with its journal, and deals with what it found. A run that died or was stopped is
 * taken up where it was by the next one that looks as deeply: on its walk by any, behind it only by one of the same mode.
 * @throws TaskIsRunning, AuditBrake, UnknownBucketNamed; AppError STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const audit =
  (deps: AuditDeps) =>
  async ({ mode, deep = false, fresh = false, signal, onProgress }: AuditOptions): Promise<AuditReport> => {
    const takeUp = (cursor: string) => !fresh && canGoOn(readCursor(cursor), mode, deep);
    const found: { wouldStop: AuditBrake | null } = { wouldStop: null };
    const options = { dryRun: mode === 'look', takeUp, ...(signal ? { signal } : {}) };
    const report = await deps.runTask('audit', options, async (run) => {
      const at = run.takenUpAt === null ? null : readCursor(run.takenUpAt);
      await refuseUnknownBuckets(deps);
      if (at?.phase !== 'settle') {
        await walk({ ...deps, deep }, run, at?.after ?? null, (after) => {
          onProgress?.(run.counts);
          return cursor({ phase: 'walk', after, deep, mode });
        });
      }
      const behindWalk = cursor({ phase: 'settle', after: null, deep, mode });
      const before = new Date(deps.clock().getTime() - deps.minAgeSeconds * 1000);
      found.wouldStop = await brake(deps, run, mode, before);
      // ahead of the findings: an image whose original comes back is not called damaged. Where too much is wrong, what lies in quarantine
      // is most likely another database's: it is not adopted
      if (at?.phase !== 'settle') await reconcileQuarantine(deps, run, mode !== 'look' && !run.counts.brake);
      // with what the brake said: whoever takes this up counts only the findings that are left
      await run.save(behindWalk);
      if (mode !== 'look') await settleFindings({ ...deps, deep }, { run, mode, before, cursor: behindWalk });
    });
    return { ...report, ...found };
  };

/**
 * Every mode asks, so that whoever only looks learns what would stop an audit that acts.
 * @returns what would stop one, where it does not stop this one
 * @throws AuditBrake before anything is touched
 */
async function brake(deps: AuditDeps, run: TaskRun, mode: AuditMode, before: Date): Promise<AuditBrake | null> {
  const rows = await brakeOfRows(deps, run);
  const orphans = await brakeOfOrphans(deps, run, before);
  const stops = mode === 'look' ? null : (rows ?? (mode === 'act' ? orphans : null));
  if (stops) {
    await run.save(null); // nobody is to take up what was stopped for a reason
    deps.log.error({ run_id: run.id, why: stops.why }, 'the audit has stopped: too much is wrong, nothing was touched');
    throw stops;
  }
  const wouldStop = rows ?? orphans;
  if (wouldStop) {
    if (!run.counts.brake) run.count('brake');
    deps.log.error({ run_id: run.id, why: wouldStop.why }, 'too much is wrong: an audit that acts would be stopped');
  }
  return wouldStop;
}

async function refuseUnknownBuckets({ rows }: AuditDeps): Promise<void> {
  if (await rows.hasUnknownBucket()) throw new UnknownBucketNamed();
}

function canGoOn(at: Cursor, mode: AuditMode, deep: boolean): boolean {
  return at.deep === deep && (at.phase === 'walk' || (at.mode === mode && mode !== 'look'));
}

function cursor(value: Cursor): string {
  return JSON.stringify(value);
}

function readCursor(text: string): Cursor {
  return JSON.parse(text) as Cursor;
}
