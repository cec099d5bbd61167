import { type ObjectKey, objectKey } from '../kernel/object-key';
import {
  AuditBrake,
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
    const running = tasks.audit({
      mode: flags.has('act') ? 'act' : 'look',
      deep: flags.has('deep'),
      fresh: flags.has('fresh'),
      // how many there are is not known before they are listed; rows are nearly as many
      onProgress: ({ objects = 0, rows = 0 }) => {
        progress.show(objects, Math.max(objects, rows), 'objects');
        collectGarbage();
      },
    });
    const { task, outcome, dryRun, counts, seconds } = await orFailed(running);
    printReport(input, { task, outcome, dry_run: dryRun, seconds: Math.round(seconds * 1000) / 1000, counts });
    const { orphan = 0, missing = 0, wrong_size = 0, wrong_sha256 = 0, cleared = 0 } = counts;
    const found = orphan + missing + wrong_size + wrong_sha256 - cleared;
    if (found > 0) throw new FoundSomething(`${found} objects or rows have no counterpart: bun run cli audit list`);
  },
};

export const auditList: Command = {
  usage: 'audit list [--json]',
  says: 'What the last audit found, and what is in quarantine.',
  access: 'reads',
  flags: [JSON_FLAG],
  async run(input, { audit: tasks }) {
    const found = await all((after) => tasks.findings(after, PAGE));
    const held = await all((after) => tasks.quarantined(after, PAGE));
    const rows: Report[] = [
      ...found.map(({ key, kind, state, details }) => ({ what: kind, state, key, why: details.why ?? null })),
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

export const auditRelease: Command = {
  usage: 'audit release <key> | --all [--json]',
  says: 'Brings objects back from quarantine to their keys; refused where a key holds other bytes by now.',
  access: 'changes',
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
