import type { MaintenanceRuns, RecordedRun } from '../domain/maintenance-run';

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

const GAUGES = [
  {
    name: 'maintenance_last_run_timestamp_seconds',
    help: 'When the last run of a task with this outcome ended, in Unix time.',
    labels: ['task', 'outcome'],
    of: ({ task, outcome, endedAt }: RecordedRun): Sample[] => [
      { labels: { task, outcome: outcome ?? '' }, value: (endedAt?.getTime() ?? 0) / 1000 },
    ],
  },
  {
    name: 'maintenance_last_run_duration_seconds',
    help: 'How long the last run of a task with this outcome took.',
    labels: ['task', 'outcome'],
    of: ({ task, outcome, startedAt, endedAt }: RecordedRun): Sample[] => [
      { labels: { task, outcome: outcome ?? '' }, value: ((endedAt?.getTime() ?? 0) - startedAt.getTime()) / 1000 },
    ],
  },
] as const;

/**
 * What /metrics says of upkeep, asked of the table when it is scraped: so every instance tells of every run, of the operator's
 * commands too.
 */
export function runSamples(runs: Pick<MaintenanceRuns, 'lastEnded'>) {
  const items = {
    name: 'maintenance_last_run_items',
    help: 'What the last run of a task counted, whatever its outcome.',
    labels: ['task', 'what'],
  };
  return {
    gauges: [...GAUGES.map(({ name, help, labels }) => ({ name, help, labels: [...labels] })), items],
    async ask(): Promise<Readonly<Record<string, readonly Sample[]>>> {
      const ended = await runs.lastEnded();
      const byGauge = GAUGES.map(({ name, of }) => [name, ended.flatMap((run) => of(run))] as const);
      return { ...Object.fromEntries(byGauge), [items.name]: lastOfEachTask(ended).flatMap(itemsOf) };
    },
  };
}

function lastOfEachTask(ended: readonly RecordedRun[]): RecordedRun[] {
  const last = new Map<string, RecordedRun>();
  for (const run of ended) {
    const known = last.get(run.task);
    if (!known || known.startedAt < run.startedAt) last.set(run.task, run);
  }
  return [...last.values()];
}

function itemsOf({ task, counts }: RecordedRun): Sample[] {
  return Object.entries(counts).map(([what, value]) => ({ labels: { task, what }, value }));
}
