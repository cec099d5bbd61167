import { AuditBrake, type AuditFindings, type NamingRows } from '../../domain/audit';
import type { TaskRun } from '../../domain/maintenance-run';

export interface BrakeDeps {
  readonly rows: Pick<NamingRows, 'hasAccounts'>;
  readonly findings: Pick<AuditFindings, 'countOrphans' | 'countWrong'>;
  /** AUDIT_BRAKE_MIN, AUDIT_MAX_SHARE. */
  readonly brake: { readonly min: number; readonly share: number };
}

/** More is wrong with the rows than there should ever be: whoever marks images is stopped by it. Null where it is not so. */
export async function brakeOfRows(deps: BrakeDeps, run: TaskRun): Promise<AuditBrake | null> {
  const { rows = 0 } = run.counts;
  const wrong = await deps.findings.countWrong(run.findingsRunId);
  return brakeAt(deps, run, wrong, rows, `${wrong} of ${rows} rows name no object, or another one than they say`);
}

/**
 * More objects have no row than there should ever be: whoever moves them is stopped by it. Null where it is not so.
 * @param before objects that were modified later are not counted, and must not be moved
 */
export async function brakeOfOrphans(deps: BrakeDeps, run: TaskRun, before: Date): Promise<AuditBrake | null> {
  const { objects = 0 } = run.counts;
  const orphans = await deps.findings.countOrphans(run.findingsRunId, before);
  // a database that has never served anybody is not this bucket's, however few its objects are
  if (orphans > 0 && !(await deps.rows.hasAccounts()))
    return new AuditBrake(`${orphans} objects have no row, and the database no account`, 0);
  return brakeAt(deps, run, orphans, objects, `${orphans} of ${objects} objects have no row`);
}

function brakeAt({ brake }: BrakeDeps, run: TaskRun, found: number, all: number, says: string): AuditBrake | null {
  // a store that has nothing at all is never the rows' own, however few they are
  const isEmpty = (run.counts.objects ?? 0) === 0;
  const limit = isEmpty ? 0 : Math.max(brake.min, Math.floor(brake.share * all));
  return found > limit ? new AuditBrake(says, limit) : null;
}
