import type { TaskReport } from '../modules/maintenance';
import { MaintenanceOnHold, StepsFailed, StoreInDoubt, TaskIsRunning } from '../modules/maintenance';
import { type Command, CommandFailed, type CommandInput, FoundSomething, UsageError } from './command';
import { JSON_FLAG, printReport, printRows, type Report } from './report';

export const sweep: Command = {
  usage: 'sweep [--json]',
  says: 'Removes what dead uploads, deleted rows and the passing of time have left: objects, temporary files, spent rows.',
  access: 'changes',
  flags: [JSON_FLAG],
  async run(input, { maintenance }) {
    const report = await ended(input, maintenance.sweep(undefined, shownSteps(input)));
    printTask(input, report);
    const hold = await maintenance.holds.current();
    if (hold) throw new CommandFailed(`Nothing was deleted: ${new MaintenanceOnHold(hold).message}`);
    if ((report.counts.refused ?? 0) > 0)
      throw new FoundSomething('Rows name objects that are to be deleted: docs/operations.md, "refused".');
  },
};

export const scrub: Command = {
  usage: 'scrub [--bytes N | --all] [--believe] [--json]',
  says: 'Reads stored images again and compares them with what was sent, from where the last run ended; with --all every one. --believe: the store is the right one, however many are damaged in a row.',
  access: 'changes',
  options: ['bytes'],
  flags: ['all', 'believe', JSON_FLAG],
  async run(input, { maintenance }) {
    const { progress, flags } = input;
    const bytes = bytesOf(input);
    const total = await maintenance.countImages();
    const running = maintenance.scrub({
      bytes,
      believesStore: flags.has('believe'),
      onProgress: ({ images = 0, bytes: read = 0 }) =>
        flags.has('all') ? progress.show(images, total, 'images') : progress.show(read, bytes, 'bytes'),
    });
    const report = await ended(input, running);
    printTask(input, report);
    const { damaged = 0, variants_dropped = 0, variants_damaged = 0, unreadable = 0 } = report.counts;
    const found = damaged + variants_dropped + variants_damaged + unreadable;
    if (found > 0) throw new FoundSomething(`${found} objects are not as they were stored; the log names them.`);
  },
};

export const retention: Command = {
  usage: 'retention [--dry-run] [--json]',
  says: 'Deletes what is older than the age set for its kind (RETENTION_…); --dry-run prints the ages that hold and what would go.',
  access: 'changes',
  flags: ['dry-run', JSON_FLAG],
  async run(input, { maintenance }) {
    const dryRun = input.flags.has('dry-run');
    const report = await ended(input, maintenance.retention({ dryRun, onSteps: shownSteps(input) }));
    if (!dryRun) {
      printTask(input, report);
      return;
    }
    const rows = Object.entries(maintenance.retentionAges()).map(([kind, days]) => ({
      kind,
      age: days === null ? 'kept for ever' : `${days} days`,
      would_go: report.counts[kind] ?? 0,
    }));
    printRows(input, ['kind', 'age', 'would_go'], rows);
  },
};

const RUNS_SHOWN = 20;

export const maintenanceRuns: Command = {
  usage: 'maintenance runs [--task T] [--last N] [--json]',
  says: 'The last runs of sweep, audit, scrub and retention: when, how they ended, what they did.',
  access: 'reads',
  options: ['task', 'last'],
  flags: [JSON_FLAG],
  async run(input, { maintenance }) {
    const { task, last = String(RUNS_SHOWN) } = input.options;
    if (!/^[1-9]\d{0,4}$/.test(last)) throw new UsageError('--last must be a number from 1');
    const runs = await maintenance.runs.recent(task ?? null, Number(last));
    const rows = runs.map((run) => ({
      id: run.id,
      task: run.dryRun ? `${run.task} (dry run)` : run.task,
      started_at: run.startedAt.toISOString(),
      ended_at: run.endedAt?.toISOString() ?? null,
      outcome: run.outcome,
      counts: run.counts,
      error: run.error,
    }));
    const hold = await maintenance.holds.current();
    printRows(
      input,
      ['id', 'task', 'started_at', 'ended_at', 'outcome', 'counts', 'error'],
      [...(hold ? [holdRow(hold)] : []), ...rows],
    );
  },
};

/** Above all runs, because it says why there are none. */
function holdRow({ reason, heldAt }: { readonly reason: string; readonly heldAt: Date }): Report {
  const at = { started_at: heldAt.toISOString(), ended_at: null };
  return { id: null, task: 'hold', ...at, outcome: null, counts: {}, error: reason };
}

/** What takes long is a step that has much to do; how much, it does not know itself. */
function shownSteps({ progress }: Pick<CommandInput, 'progress'>) {
  return (done: number, all: number) => progress.show(done, all, 'steps');
}

function bytesOf({ settings, options, flags }: CommandInput): number {
  if (flags.has('all')) return Number.POSITIVE_INFINITY;
  const { bytes = String(settings.SCRUB_BYTES_PER_RUN) } = options;
  if (!/^[1-9]\d{0,15}$/.test(bytes)) throw new UsageError('--bytes must be a number from 1');
  return Number(bytes);
}

function printTask(input: CommandInput, { task, outcome, dryRun, counts, seconds }: TaskReport): void {
  printReport(input, { task, outcome, dry_run: dryRun, seconds: Math.round(seconds * 1000) / 1000, counts });
}

/** What was done is printed even where some of it failed. @throws CommandFailed for what an operator can do something about */
async function ended(input: CommandInput, running: Promise<TaskReport>): Promise<TaskReport> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof StepsFailed) printReport(input, { outcome: 'failed', counts: error.counts });
    const isKnown = [MaintenanceOnHold, StepsFailed, StoreInDoubt, TaskIsRunning].some((type) => error instanceof type);
    if (isKnown && error instanceof Error) throw new CommandFailed(error.message);
    throw error;
  }
}
