import type { Log } from '../../../../kernel/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import { unlessUnreadable } from '../../../../kernel/unless-unreadable';
import type { AuditedStore, AuditFindings, Finding, FindingState, NamingRows } from '../../domain/audit';
import type { TaskRun } from '../../domain/maintenance-run';
import { bringBack } from '../quarantine/bring-back';
import { finishMoves } from '../quarantine/finish-moves';
import { type MoveDeps, moveAway } from '../quarantine/move-away';
import { faultOf, type JudgeDeps } from './judge';

export interface SettleDeps extends MoveDeps {
  readonly store: AuditedStore;
  readonly rows: Pick<NamingRows, 'byKeys' | 'namesOf' | 'markDamaged'>;
  readonly findings: Pick<AuditFindings, 'open' | 'settle'>;
  readonly digests: JudgeDeps['digests'];
  readonly log: Log;
}

type Deps = SettleDeps & Pick<JudgeDeps, 'deep'>;

interface Settling {
  readonly run: TaskRun;
  readonly mode: 'report' | 'act';
  /**
   * Objects that were modified later are left alone, whatever they look like. One moment for the whole run, that of its brake: what was
   * too young to be counted by it does not become old enough while a long run goes on.
   */
  readonly before: Date;
  /** Saved with the counts after each page. */
  readonly cursor: string;
}

type Settled = { readonly state: Exclude<FindingState, 'found'>; readonly why?: string };

const PAGE = 200;
const UNREADABLE: Settled = { state: 'reported', why: 'it can’t be read, though its store answers' };

/**
 * Deals with what the walk has found. Each finding is asked again by key; one that is settled stays so, and the rest is there for
 * whoever takes the run up.
 */
export async function settleFindings(deps: Deps, settling: Settling): Promise<void> {
  const { run, mode, cursor } = settling;
  if (mode === 'act') await deps.exclusively((lost) => finishMoves(deps, AbortSignal.any([lost, run.signal])));
  for (let after: ObjectKey | null = null; ; ) {
    const page: readonly Finding[] = await deps.findings.open(run.findingsRunId, after, PAGE);
    if (page.length === 0) return;
    for (const finding of page) {
      run.signal.throwIfAborted();
      await settle(deps, settling, finding);
    }
    after = page.at(-1)?.key ?? null;
    await run.save(cursor);
  }
}

async function settle(deps: Deps, settling: Settling, finding: Finding): Promise<void> {
  const { run } = settling;
  const { key, kind } = finding;
  const settled =
    (await unlessUnreadable(deps.store, () =>
      kind === 'orphan' ? settleOrphan(deps, settling, finding) : settleWrong(deps, run, finding),
    )) ?? UNREADABLE;
  if (settled === UNREADABLE) run.count('unreadable');
  await deps.findings.settle(run.findingsRunId, key, settled.state, settled.why);
  run.count(settled.state);
}

async function settleOrphan(deps: Deps, { run, mode, before }: Settling, { key, details }: Finding): Promise<Settled> {
  const head = await deps.store.head(key);
  if (!head) return { state: 'cleared', why: 'the object is gone' };
  const name = (await deps.rows.namesOf([key])).get(key);
  if (name) return { state: 'cleared', why: `named by ${name} by now` };
  // asked of both: a listing may tell milliseconds where a HEAD has seconds
  const modified = Math.max(head.lastModified.getTime(), Date.parse(details.last_modified ?? ''));
  if (modified > before.getTime()) {
    run.count('young');
    return { state: 'reported', why: 'younger than AUDIT_MIN_AGE_SECONDS' };
  }
  if (head.sizeBytes !== details.size_bytes) return { state: 'reported', why: 'it has changed since it was listed' };
  if (mode === 'report') return { state: 'reported' };
  return await deps.exclusively((lost) => moveAway(deps, run.id, head, lost));
}

async function settleWrong(deps: Deps, run: TaskRun, finding: Finding): Promise<Settled> {
  const { key } = finding;
  const [row] = await deps.rows.byKeys([key]);
  if (!row) return { state: 'cleared', why: 'no row names it any more' };
  const first = await faultOf(deps, row);
  const isBack = first?.kind === 'missing' && (await bringBack(deps, key));
  if (isBack) run.count('brought_back');
  const fault = isBack ? await faultOf(deps, row) : first;
  if (!fault) return { state: 'cleared', why: isBack ? 'it was in quarantine, and is back' : 'it is as its row says' };
  deps.log.error(
    { run_id: run.id, kind: fault.kind, image_id: row.imageId, object: row.kind },
    'an object is not what its row says',
  );
  if (row.kind === 'original') run.count('damaged', await deps.rows.markDamaged(key));
  return { state: 'reported' };
}
