import { expect, test } from 'bun:test';
import { loadSettings } from './config/load';
import type { Container } from './container';
import type { Log } from './kernel/log';
import { maintenanceSchedules } from './maintenance-schedules';
import { TaskIsRunning } from './modules/maintenance';
import { QUEUES } from './platform/jobs/queues';

type Tasks = Partial<Record<keyof Container['maintenance'], (...given: never[]) => Promise<unknown>>>;

function schedules(maintenance: Tasks, env: Record<string, string> = {}, signal = new AbortController().signal) {
  const lines: string[] = [];
  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [level, () => lines.push(level)]),
  ) as unknown as Log;
  const made = maintenanceSchedules(
    { maintenance, backup: { isConfigured: env.BACKUP_DIR !== undefined } } as never,
    loadSettings(env),
    log,
    signal,
  );
  return { lines, made, of: (queue: string) => made.find((schedule) => schedule.queue === queue) };
}

/** Not by the clock: products queue their own. */
const ON_DEMAND = ['prepare'];

test('every other queue has its schedule, which its variable sets or turns off', () => {
  const { made, of } = schedules({}, { SCRUB_CRON: 'off', RETENTION_CRON: '5 4 * * *' });
  expect(made.map(({ queue }) => queue).sort()).toEqual(
    (Object.keys(QUEUES) as (typeof made)[number]['queue'][]).filter((queue) => !ON_DEMAND.includes(queue)).sort(),
  );
  expect(of('backup')?.cron).toBe('off');
  expect(schedules({}, { BACKUP_DIR: '/backups' }).of('backup')?.cron).toBe('7 1 * * *');
  expect([of('sweep')?.cron, of('scrub')?.cron, of('retention')?.cron]).toEqual(['* * * * *', 'off', '5 4 * * *']);
});

test('a run reads no more than its budget, deletes for real, and is told when the server stops', async () => {
  const given: unknown[] = [];
  const note = async (...args: unknown[]) => void given.push(...args);
  const { signal } = new AbortController();
  const { of } = schedules({ sweep: note, scrub: note, retention: note }, { SCRUB_BYTES_PER_RUN: '5' }, signal);
  for (const queue of ['sweep', 'scrub', 'retention']) await of(queue)?.work();
  expect(given).toEqual([signal, { bytes: 5, signal }, { dryRun: false, signal }]);
});

test('a drill is told when the server stops', async () => {
  const given: unknown[] = [];
  const runTask = async (...args: unknown[]) => void given.push(...args.slice(0, 2));
  const { signal } = new AbortController();
  await schedules({ runTask }, { BACKUP_DIR: '/backups' }, signal).of('backup_drill')?.work();
  expect(given).toEqual(['backup_drill', { dryRun: false, signal }]);
});

test('a failure is told in the log, and that an operator runs it is none', async () => {
  const fails = async () => Promise.reject(new Error('x'));
  const runs = async () => Promise.reject(new TaskIsRunning('scrub'));
  const waits = async () => Promise.reject(new TaskIsRunning('quarantine'));
  const { of, lines } = schedules({ sweep: fails, scrub: runs, retention: waits });
  await of('sweep')?.work();
  await of('scrub')?.work();
  await of('retention')?.work();
  expect(lines).toEqual(['error', 'debug', 'error']);
});
