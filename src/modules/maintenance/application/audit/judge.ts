import type { ObjectKey } from '../../../../kernel/object-key';
import type { AuditedStore, AuditFindings, Finding, ListedObject, NamedRow, NamingRows } from '../../domain/audit';
import type { Pair } from '../../domain/compare-sorted';
import type { TaskRun } from '../../domain/maintenance-run';
import type { ObjectDigests } from '../../domain/scrub';
import { unlessUnreadable } from '../unless-unreadable';
import { inGroups } from './in-groups';

export interface JudgeDeps {
  readonly store: Pick<AuditedStore, 'head' | 'check'>;
  readonly rows: Pick<NamingRows, 'byKeys' | 'namesOf'>;
  readonly findings: Pick<AuditFindings, 'add'>;
  readonly digests: Pick<ObjectDigests, 'read' | 'promised'>;
  /** Every object's bytes are compared, not the digests of a sample. */
  readonly deep: boolean;
  /** Of how many objects the store's own digest is asked for; 0 to 1. */
  readonly sample: number;
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
    if (fault === undefined) run.count('unreadable');
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
export async function faultOf(
  deps: Pick<JudgeDeps, 'store' | 'digests' | 'deep'>,
  row: NamedRow,
): Promise<Finding | null> {
  const { key, sizeBytes, sha256, imageId, kind: object } = row;
  const about = { image_id: imageId, object };
  const head = await deps.store.head(key);
  if (!head) return { key, kind: 'missing', details: about };
  if (sizeBytes !== null && head.sizeBytes !== sizeBytes) {
    const details = { ...about, size_bytes: head.sizeBytes, expected_size_bytes: sizeBytes };
    return { key, kind: 'wrong_size', details };
  }
  const actual = sha256 && (await digestOf(deps, key));
  if (!sha256 || !actual || actual === sha256) return null;
  return { key, kind: 'wrong_sha256', details: { ...about, sha256: actual, expected_sha256: sha256 } };
}

/** What a store has verified at the put and kept is cheap; bytes are read where it keeps nothing, and only if all is to be read. */
async function digestOf({ digests, deep }: Pick<JudgeDeps, 'digests' | 'deep'>, key: ObjectKey) {
  const promised = await digests.promised(key);
  if (promised !== null || !deep) return promised;
  try {
    return (await digests.read(key)).sha256;
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectGone') return null; // deleted meanwhile
    throw error;
  }
}
