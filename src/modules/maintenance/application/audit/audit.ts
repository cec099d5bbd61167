import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import { type NamingRows, UnknownBucketNamed } from '../../domain/audit';
import type { TaskReport, TaskRun } from '../../domain/maintenance-run';
import { endReleases } from '../quarantine/end-releases';
import { type ReconcileDeps, reconcileQuarantine } from '../quarantine/reconcile';
import type { RunTask } from '../run-task';
import { type SettleDeps, settleFindings } from './settle-findings';
import { type WalkDeps, walk } from './walk';

export interface AuditDeps extends Omit<WalkDeps, 'deep'>, SettleDeps, ReconcileDeps {
  readonly store: WalkDeps['store'] & SettleDeps['store'];
  readonly quarantine: SettleDeps['quarantine'];
  readonly rows: NamingRows;
  readonly findings: WalkDeps['findings'] & SettleDeps['findings'];
  readonly digests: WalkDeps['digests'];
  readonly runTask: RunTask;
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

interface Cursor {
  readonly phase: 'walk' | 'settle';
  readonly after: ObjectKey | null;
  readonly deep: boolean;
  /** What a walk finds is the same in every mode; what became of it is not. */
  readonly mode: AuditMode;
}

/**
 * Compares store and database both ways, the quarantine with its journal, and deals with what it found. A run that died or was stopped is taken up where it was by the
 * next one that looks as deeply: on its walk by any, behind it only by one of the same mode.
 * @throws TaskIsRunning, AuditBrake, UnknownBucketNamed; AppError STORAGE_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const audit =
  (deps: AuditDeps) =>
  ({ mode, deep = false, fresh = false, signal, onProgress }: AuditOptions): Promise<TaskReport> => {
    const takeUp = (cursor: string) => !fresh && canGoOn(readCursor(cursor), mode, deep);
    return deps.runTask('audit', { dryRun: mode === 'look', takeUp, ...(signal ? { signal } : {}) }, async (run) => {
      const at = run.takenUpAt === null ? null : readCursor(run.takenUpAt);
      await refuseUnknownBuckets(deps);
      if (at?.phase !== 'settle') {
        await walk({ ...deps, deep }, run, at?.after ?? null, (after) => {
          onProgress?.(run.counts);
          return cursor({ phase: 'walk', after, deep, mode });
        });
      }
      const behindWalk = cursor({ phase: 'settle', after: null, deep, mode });
      await run.save(behindWalk);
      if (mode !== 'look') await settleFindings({ ...deps, deep }, run, mode, behindWalk);
      // behind the brake of the findings: the quarantine of another database is not adopted
      if (mode !== 'look') await endReleases(deps, run.signal);
      await reconcileQuarantine(deps, run, mode !== 'look');
    });
  };

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
