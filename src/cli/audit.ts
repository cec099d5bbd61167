import { type ObjectKey, objectKey } from '../kernel/object-key';
import {
  AuditBrake,
  type AuditReport,
  MaintenanceOnHold,
  ReleaseRefused,
  TaskIsRunning,
  UnknownBucketNamed,
} from '../modules/maintenance';
import { collectGarbage } from '../platform/collect-garbage';
import { type Command, CommandFailed, FoundSomething, UsageError } from './command';
import { JSON_FLAG, printReport, printRows, type Report } from './report';

const PAGE = 500;

export const audit: Command = {
  usage: 'audit [--act] [--deep] [--fresh] [--json]',
  says: 'Compares object store and database both ways. Without --act it changes nothing; with it, objects without a row go to quarantine. --deep compares every sha-256.',
  access: 'changes',
  flags: ['act', 'dry-run', 'deep', 'fresh', JSON_FLAG],
  async run(input, { audit: tasks }) {
    const { flags, progress } = input;
    if (flags.has('act') && flags.has('dry-run')) throw new UsageError('--act or --dry-run');
    const named = await tasks.countNamed();
    const running = tasks.audit({
      mode: flags.has('act') ? 'act' : 'look',
      deep: flags.has('deep'),
      fresh: flags.has('fresh'),
      onProgress: ({ objects = 0, rows = 0 }) => {
        // how many objects there are, nobody knows before they are listed; both sides are walked in the same order
        if (named) progress.show(rows, named, 'rows');
        else progress.show(objects, null, 'objects');
        collectGarbage();
      },
    });
    const report = await orFailed(running);
    const { task, outcome, dryRun, counts, seconds } = report;
    printReport(input, { task, outcome, dry_run: dryRun, seconds: Math.round(seconds * 1000) / 1000, counts });
    const says = findingsOf(report);
    if (says.length > 0) throw new FoundSomething(says.join('\n'));
  },
};

/** What somebody should look at, a sentence each. */
function findingsOf({ counts, wouldStop }: AuditReport): string[] {
  const { orphan = 0, missing = 0, wrong_size = 0, wrong_sha256 = 0, cleared = 0, unreadable = 0 } = counts;
  const { stranded = 0, adopted = 0, quarantine_lost = 0, brought_back = 0 } = counts;
  const found = orphan + missing + wrong_size + wrong_sha256 - cleared;
  return [
    found > 0 ? `${found} objects or rows have no counterpart: bun run cli audit list` : '',
    unreadable > 0 ? `${unreadable} objects can’t be read, though their store answers; the log names them` : '',
    stranded > adopted ? `${stranded - adopted} objects lie in quarantine without a row that knows of them` : '',
    brought_back > 0 ? `${brought_back} objects that rows name were in quarantine, and are back` : '',
    quarantine_lost > 0 ? `${quarantine_lost} objects are gone from quarantine` : '',
    wouldStop ? `An audit that acts would be stopped: ${wouldStop.why}. Is this the database of this bucket?` : '',
  ].filter((line) => line !== '');
}

export const auditList: Command = {
  usage: 'audit list [--json]',
  says: 'What the last audit that has ended found, and what is in quarantine.',
  access: 'reads',
  flags: [JSON_FLAG],
  async run(input, { audit: tasks }) {
    const { runId, unfinishedSince } = await tasks.lastAudit();
    const found = runId === null ? [] : await all((after) => tasks.findings(runId, after, PAGE));
    const held = await all((after) => tasks.quarantined(after, PAGE));
    const inQuarantine = new Set(held.flatMap(({ key, state }) => (state === 'released' ? [] : [key])));
    const rows: Report[] = [
      ...(unfinishedSince ? [unfinishedRow(unfinishedSince)] : []),
      ...found.map(({ key, kind, state, details }) => ({
        what: kind,
        state,
        key,
        why: whyOf(kind, details.why, inQuarantine.has(key)),
      })),
      ...held.map(({ key, state, reason, sizeBytes, quarantinedAt }) => ({
        what: 'quarantined',
        state,
        key,
        why: `${reason}; ${sizeBytes} bytes, since ${quarantinedAt.toISOString()}`,
      })),
    ];
    printRows(input, ['what', 'state', 'key', 'why'], rows);
  },
};

/** @param isInQuarantine under that very key */
function whyOf(kind: string, why: string | undefined, isInQuarantine: boolean): string | null {
  if (kind === 'missing' && isInQuarantine) return 'it is in quarantine: bun run cli audit release <key>, or --all';
  return why ?? null;
}

/** Above the findings, because they are not those of the audit that was begun last. */
function unfinishedRow(since: Date): Report {
  const why = `begun ${since.toISOString()}: it is under way, or its process died; these findings are of the one before`;
  return { what: 'audit', state: 'unfinished', key: null, why };
}

export const auditRelease: Command = {
  usage: 'audit release <key> | --all [--json]',
  says: 'Brings objects back from quarantine to their keys; refused where a key holds other bytes by now.',
  access: 'changes',
  words: 1,
  flags: ['all', JSON_FLAG],
  async run(input, { audit: tasks }) {
    const { words, flags } = input;
    const [key] = words;
    if ((key !== undefined) === flags.has('all') || words.length > 1) throw new UsageError('a key, or --all');
    if (key !== undefined) {
      await orFailed(tasks.release(keyOf(key)));
      printReport(input, { released: 1 });
      return;
    }
    const { released, refused } = await orFailed(tasks.releaseAll());
    printReport(input, { released, refused: refused.length });
    if (refused.length === 0) return;
    throw new CommandFailed(refused.map(({ key: kept, why }) => `${kept} stays in quarantine: ${why}`).join('\n'));
  },
};

function keyOf(text: string): ObjectKey {
  try {
    return objectKey(text);
  } catch {
    throw new UsageError('that is no key of an object');
  }
}

/** An operator can do something about these. @throws CommandFailed */
async function orFailed<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const known = [AuditBrake, MaintenanceOnHold, ReleaseRefused, TaskIsRunning, UnknownBucketNamed].some(
      (type) => error instanceof type,
    );
    if (known && error instanceof Error) throw new CommandFailed(error.message);
    throw error;
  }
}

async function all<Row extends { readonly key: ObjectKey }>(
  page: (after: ObjectKey | null) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: ObjectKey | null = null; ; ) {
    const next: readonly Row[] = await page(after);
    if (next.length === 0) return rows;
    rows.push(...next);
    after = next.at(-1)?.key ?? null;
  }
}
