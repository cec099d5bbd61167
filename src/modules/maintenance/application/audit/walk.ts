import { inPages } from '../../../../kernel/in-pages';
import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import type { AuditedStore, ListedObject, NamedRow, NamingRows } from '../../domain/audit';
import { compareSorted, type Pair } from '../../domain/compare-sorted';
import type { TaskRun } from '../../domain/maintenance-run';
import { type JudgeDeps, judge } from './judge';

export interface WalkDeps extends JudgeDeps {
  readonly store: Pick<AuditedStore, 'list' | 'check'>;
  readonly rows: Pick<NamingRows, 'pages' | 'byKeys' | 'namesOf'>;
}

/** What this software writes under; `quarantine/` has a journal of its own, and `held/` has no rows. */
const OURS = 'products/' as unknown as KeyPrefix;
const PAGE = 1000;

/**
 * Goes through store and rows side by side, in the order of their keys' bytes, and writes down where they disagree. A page of each is
 * in memory, and what was seen is saved after each: a walk that died goes on behind its last page.
 *
 * A page of the listing is always read before rows and intents are asked about its objects. An upload commits its intent before its
 * first put and swaps it for the rows in one commit, so whatever is listed has a name by then, and a name that is asked for later is
 * found. The other way round, objects of uploads that came between would look like orphans.
 */
export async function walk(
  deps: WalkDeps,
  run: TaskRun,
  after: ObjectKey | null,
  cursorAt: (key: ObjectKey) => string,
) {
  const objects = inPages(deps.store.list(OURS, after ?? undefined), PAGE);
  let unsaved = 0;
  for await (const pairs of compareSorted(objects, deps.rows.pages(after))) {
    const last = pairs.at(-1);
    if (!last) continue;
    await judge(deps, run, pairs);
    unsaved += pairs.length;
    if (unsaved < PAGE) continue;
    unsaved = 0;
    await run.save(cursorAt(keyOf(last)));
  }
  run.signal.throwIfAborted();
}

function keyOf({ left, right }: Pair<ListedObject, NamedRow>): ObjectKey {
  const key = left?.key ?? right?.key;
  if (key === undefined) throw new Error('a pair of nothing');
  return key;
}
