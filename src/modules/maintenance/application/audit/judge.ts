import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import { unlessUnreadable } from '../../../../kernel/unless-unreadable';
import type { AuditedStore, AuditFindings, Finding, ListedObject, NamedRow, NamingRows } from '../../domain/audit';
import type { Pair } from '../../domain/compare-sorted';
import type { TaskRun } from '../../domain/maintenance-run';
import type { ObjectDigests } from '../../domain/scrub';
import { inGroups } from './in-groups';

export interface JudgeDeps {
  readonly store: Pick<AuditedStore, 'check'>;
  readonly rows: Pick<NamingRows, 'byKeys' | 'namesOf'>;
  readonly findings: Pick<AuditFindings, 'add'>;
  readonly digests: Pick<ObjectDigests, 'read' | 'look'>;
  /** Every object's bytes are compared, not the digests of a sample. */
  readonly deep: boolean;
  /** Of how many objects the store's own digest is asked for; 0 to 1. */
  readonly sample: number;
  readonly log: Log;
}

type Compared = Pair<ListedObject, NamedRow>;

/** Looks again, by key, at each pair that does not fit: what was read minutes apart is no proof. Then writes down what remains. */
export async function judge(deps: JudgeDeps, run: TaskRun, pairs: readonly Compared[]): Promise<void> {
  const alone: ListedObject[] = [];
  const doubtful: NamedRow[] = [];
  for (const { left, right } of pairs) {
    if (left) run.count('objects');
    if (right) run.count('rows');
    if (!right && left) alone.push(left);
    if (right && !(left && fits(deps, left, right))) doubtful.push(right);
  }
  const findings = [...(await orphansOf(deps, alone)), ...(await wrongOf(deps, doubtful, run))];
  if (findings.length === 0) return;
  await deps.findings.add(run.findingsRunId, findings);
  for (const { kind } of findings) run.count(kind);
}

/** By what the listing says; false also where more is to be asked. */
function fits(deps: JudgeDeps, object: ListedObject, row: NamedRow): boolean {
  if (row.sizeBytes !== null && row.sizeBytes !== object.sizeBytes) return false;
  return row.sha256 === null || !(deps.deep || Math.random() < deps.sample);
}

async function orphansOf({ rows }: JudgeDeps, objects: readonly ListedObject[]): Promise<Finding[]> {
  if (objects.length === 0) return [];
  const names = await rows.namesOf(objects.map(({ key }) => key));
  return objects
    .filter(({ key }) => !names.has(key))
    .map(({ key, sizeBytes, lastModified }) => ({
      key,
      kind: 'orphan',
      details: { size_bytes: sizeBytes, last_modified: lastModified.toISOString() },
    }));
}

async function wrongOf(deps: JudgeDeps, rows: readonly NamedRow[], run: TaskRun): Promise<Finding[]> {
  const looked = await inGroups(rows, async (row) => {
    run.signal.throwIfAborted();
    const fault = await unlessUnreadable(deps.store, () => faultOf(deps, row));
    if (fault === undefined) {
      run.count('unreadable');
      const about = { run_id: run.id, image_id: row.imageId, object: row.kind };
      deps.log.error(about, 'a stored object can’t be read, though its store answers');
    }
    return fault ?? null;
  });
  const suspects = looked.filter((finding) => finding !== null);
  if (suspects.length === 0) return [];
  // asked after the store: an object goes only after its row
  const named = new Set((await deps.rows.byKeys(suspects.map(({ key }) => key))).map(({ key }) => key));
  return suspects.filter(({ key }) => named.has(key));
}

/**
 * What is wrong with the object that a row names; null when nothing is.
 * @throws AppError STORAGE_UNAVAILABLE also where the store does not give out this object alone
 */
export async function faultOf(deps: Pick<JudgeDeps, 'digests' | 'deep'>, row: NamedRow): Promise<Finding | null> {
  const { key, sizeBytes, sha256, imageId, kind: object } = row;
  const about = { image_id: imageId, object };
  const there = await deps.digests.look(key);
  if (!there) return { key, kind: 'missing', details: about };
  if (sizeBytes !== null && there.sizeBytes !== sizeBytes) {
    const details = { ...about, size_bytes: there.sizeBytes, expected_size_bytes: sizeBytes };
    return { key, kind: 'wrong_size', details };
  }
  // what a store has verified at the put and kept is cheap; bytes are read where it keeps nothing, and only if all is to be read
  const actual = there.promised ?? (sha256 && deps.deep ? await digestOf(deps, key) : null);
  if (!sha256 || !actual || actual === sha256) return null;
  return { key, kind: 'wrong_sha256', details: { ...about, sha256: actual, expected_sha256: sha256 } };
}

async function digestOf({ digests }: Pick<JudgeDeps, 'digests'>, key: ObjectKey): Promise<Sha256 | null> {
  try {
    return (await digests.read(key)).sha256;
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectGone') return null; // deleted meanwhile
    throw error;
  }
}
