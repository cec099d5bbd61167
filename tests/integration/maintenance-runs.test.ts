import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { runSamples } from '../../src/modules/maintenance/application/run-samples';
import { runTask } from '../../src/modules/maintenance/application/run-task';
import { TaskIsRunning, type TaskRun } from '../../src/modules/maintenance/domain/maintenance-run';
import { postgresMaintenanceRuns } from '../../src/modules/maintenance/infrastructure/postgres-maintenance-runs';
import { postgresTaskLocks } from '../../src/modules/maintenance/infrastructure/postgres-task-locks';
import type { Database } from '../../src/platform/database/database';
import { transactionsOf } from '../../src/platform/database/transaction';
import { createMetrics } from '../../src/platform/telemetry/metrics';
import { silentLog } from '../support/log';
import { openTestDatabase, type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;
let otherProcess: Database;
beforeAll(async () => {
  db = await testDatabase();
  otherProcess = openTestDatabase(db.url);
});
afterAll(async () => {
  await otherProcess.close();
  await db.drop();
});
beforeEach(() => db.sql('delete from maintenance_runs'));

const tasks = (database: Database = db.database) => {
  const runs = postgresMaintenanceRuns(database.orm, transactionsOf(database));
  return runTask({ runs, locks: postgresTaskLocks(database), holds: NO_HOLD, log: silentLog });
};
const NO_HOLD = { current: async () => null };
const rows = () => db.sql('select * from maintenance_runs order by id');
const act = { dryRun: false };

/** A process that died in its work: what it had written stays, its lock goes with its connection. */
async function dies(upTo: string): Promise<void> {
  const mortal = openTestDatabase(db.url);
  const runs = postgresMaintenanceRuns(mortal.orm, transactionsOf(mortal));
  const dead = { ...runs, end: () => new Promise<void>(() => undefined) };
  const saved = Promise.withResolvers<void>();
  void runTask({ runs: dead, locks: postgresTaskLocks(mortal), holds: NO_HOLD, log: silentLog })(
    'audit',
    act,
    async (run) => {
      run.count('objects', 2);
      await run.save(upTo);
      saved.resolve();
      await new Promise(() => undefined);
    },
  ).catch(() => undefined);
  await saved.promise;
  await endHolders();
  while ((await holders()).length > 0) await Bun.sleep(10);
}

const OF_THIS_DATABASE = `from pg_locks where locktype = 'advisory'
  and database = (select oid from pg_database where datname = current_database())`;
const holders = () => db.sql(`select pid ${OF_THIS_DATABASE}`);
const endHolders = () => db.sql(`select pg_terminate_backend(pid) ${OF_THIS_DATABASE}`);

describe('a run of a task', () => {
  test('is written down from its beginning to its end, with what it counted', async () => {
    const report = await tasks()('audit', { dryRun: true }, async (run) => {
      expect(await rows()).toMatchObject([{ task: 'audit', dry_run: true, ended_at: null, outcome: null }]);
      run.count('objects', 3);
      run.count('objects');
      await run.save('here');
      expect(await rows()).toMatchObject([{ counts: { objects: 4 }, cursor: 'here' }]);
      run.count('orphans');
    });
    expect(report).toMatchObject({ task: 'audit', outcome: 'ok', dryRun: true, counts: { objects: 4, orphans: 1 } });
    const [row] = await rows();
    expect(row).toMatchObject({ outcome: 'ok', counts: { objects: 4, orphans: 1 }, cursor: null, error: null });
    expect(row?.ended_at).toBeInstanceOf(Date);
  });

  test('that throws is written down as failed, with what it failed of, and throws', async () => {
    const fails = tasks()('audit', act, async (run) => {
      await run.save('here');
      throw new Error('of this');
    });
    await expect(fails).rejects.toThrow('of this');
    expect(await rows()).toMatchObject([{ outcome: 'failed', error: 'Error: of this', cursor: 'here' }]);
  });

  test('that throws leaves the counts of its cursor, so that nothing is counted twice', async () => {
    const takeUp = () => true;
    const fails = tasks()('audit', { ...act, takeUp }, async (run) => {
      run.count('objects', 2);
      await run.save('here');
      run.count('objects', 5);
      throw new Error('of this');
    });
    await expect(fails).rejects.toThrow('of this');
    const report = await tasks()('audit', { ...act, takeUp }, async (run) => run.count('objects', 5));
    expect(report.counts).toEqual({ objects: 7 });
    const unsaved = tasks()('sweep', act, async (run) => {
      run.count('objects', 3);
      throw new Error('of this');
    });
    await expect(unsaved).rejects.toThrow('of this');
    expect((await rows()).at(-1)).toMatchObject({ task: 'sweep', counts: { objects: 3 } });
  });

  test('that is told to stop does so where it next saves, and is no failure', async () => {
    const stop = new AbortController();
    const report = await tasks()('audit', { ...act, signal: stop.signal }, async (run) => {
      stop.abort(new Error('the server stops'));
      await run.save('here');
      throw new Error('it went on');
    });
    expect(report.outcome).toBe('stopped');
    expect(await rows()).toMatchObject([{ outcome: 'stopped', cursor: 'here' }]);
  });

  test('is the only one of its task over all processes; another task may run beside it', async () => {
    await tasks()('audit', act, async () => {
      await expect(tasks(otherProcess)('audit', act, async () => undefined)).rejects.toThrow(TaskIsRunning);
      await expect(tasks()('audit', act, async () => undefined)).rejects.toThrow(TaskIsRunning);
      await tasks(otherProcess)('scrub', act, async () => undefined);
    });
    await tasks(otherProcess)('audit', act, async () => undefined);
    expect((await rows()).map(({ task }) => task)).toEqual(['audit', 'scrub', 'audit']);
  });

  test('leaves its connections to the pool, whichever way it ended', async () => {
    for (let round = 0; round < 30; round += 1) {
      await tasks(otherProcess)('audit', act, () => Promise.reject(new Error('no'))).catch(() => undefined);
    }
    expect(otherProcess.connections.total).toBe(otherProcess.connections.idle);
  });

  test('that loses the connection of its lock is told so, and another may run', async () => {
    const lost = tasks()('audit', act, async (run) => {
      await endHolders();
      while ((await holders()).length > 0 || !run.signal.aborted) await Bun.sleep(10);
      await tasks(otherProcess)('audit', act, async () => undefined);
      await run.save('further');
    });
    await expect(lost).rejects.toThrow('lock of the task was lost');
    expect((await rows()).map(({ outcome }) => outcome)).toEqual(['failed', 'ok']);
  });
});

describe('a run whose process died', () => {
  const takenUpBy = async (takeUp: (cursor: string) => boolean): Promise<TaskRun> => {
    let seen: TaskRun | undefined;
    await tasks()('audit', { ...act, takeUp }, async (run) => {
      seen = { ...run, counts: { ...run.counts } };
    });
    return seen as TaskRun;
  };

  test('is taken up by the next, with its counts and findings, and by no other after it', async () => {
    await dies('half way');
    const [dead] = await rows();
    await db.sql("insert into audit_findings (run_id, key, kind) values ($1, 'products/a', 'orphan')", [dead?.id]);
    const next = await takenUpBy(() => true);
    expect(next).toMatchObject({ takenUpAt: 'half way', counts: { objects: 2 }, findingsRunId: Number(dead?.id) });
    expect(await rows()).toMatchObject([
      { ended_at: null, cursor: null },
      { outcome: 'ok', findings_run_id: dead?.id },
    ]);
    expect((await takenUpBy(() => true)).takenUpAt).toBeNull();
  });

  test('hands on what it had taken up itself', async () => {
    await dies('half way');
    const [first] = await rows();
    const failing = tasks()('audit', { ...act, takeUp: () => true }, async (run) => {
      await run.save('further');
      throw new Error('of this');
    });
    await expect(failing).rejects.toThrow('of this');
    expect(await takenUpBy(() => true)).toMatchObject({ takenUpAt: 'further', findingsRunId: Number(first?.id) });
  });

  test('is left alone after a week', async () => {
    await dies('half way');
    await db.sql("update maintenance_runs set started_at = now() - interval '8 days'");
    expect((await takenUpBy(() => true)).takenUpAt).toBeNull();
  });

  test('is taken up by nobody when one has not wanted it', async () => {
    await dies('half way');
    const failing = tasks()('audit', { ...act, takeUp: () => false }, () => Promise.reject(new Error('of this')));
    await expect(failing).rejects.toThrow('of this');
    expect((await takenUpBy(() => true)).takenUpAt).toBeNull();
  });

  test('is not taken up behind one that ended well, though it writes its cursor down afterwards', async () => {
    await dies('half way');
    expect((await takenUpBy(() => false)).takenUpAt).toBeNull();
    await db.sql("update maintenance_runs set cursor = 'late' where ended_at is null");
    expect((await takenUpBy(() => true)).takenUpAt).toBeNull();
  });
});

test('a task of rounds goes on where it was, however long ago', async () => {
  const rounds = { ...act, rounds: true };
  await tasks()('scrub', rounds, (run) => run.save('half way'));
  await db.sql(
    "update maintenance_runs set started_at = now() - interval '40 days', ended_at = now() - interval '40 days'",
  );
  let at: string | null = null;
  await tasks()('scrub', rounds, async ({ takenUpAt }) => {
    at = takenUpAt;
  });
  expect(at as string | null).toBe('half way');
});

test('the server ends the session of a host that vanished, and its locks, after a minute', async () => {
  const [pooled, own] = [await db.database.connect(), db.database.dedicated('own')];
  await own.connect();
  for (const client of [pooled, own]) {
    const { rows: set } = await client.query(
      "select setting from pg_settings where name in ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count') order by name",
    );
    expect(set.map(({ setting }) => setting)).toEqual(['3', '30', '10']);
  }
  pooled.release();
  await own.end();
});

test('/metrics does not tell of dry runs, and finds a failure behind any number of successes', async () => {
  const runs = postgresMaintenanceRuns(db.database.orm, transactionsOf(db.database));
  await tasks()('retention', { dryRun: true }, async () => undefined);
  expect(await runs.lastEnded()).toEqual([]);
  await tasks()('sweep', act, () => Promise.reject(new Error('no'))).catch(() => undefined);
  await db.sql(`insert into maintenance_runs (task, started_at, ended_at, outcome)
    select 'sweep', now() + n * interval '1 s', now() + n * interval '1 s', 'ok' from generate_series(1, 600) n`);
  expect((await runs.lastEnded()).map(({ task, outcome }) => [task, outcome]).sort()).toEqual([
    ['sweep', 'failed'],
    ['sweep', 'ok'],
  ]);
});

test('/metrics tells of the last run of each task and outcome, whichever process ran it', async () => {
  const metrics = createMetrics();
  metrics.sampled(runSamples(postgresMaintenanceRuns(db.database.orm, transactionsOf(db.database))));
  await tasks(otherProcess)('audit', act, async (run) => run.count('orphans', 7));
  await tasks(otherProcess)('audit', act, () => Promise.reject(new Error('no'))).catch(() => undefined);
  await tasks(otherProcess)('scrub', act, async (run) => run.count('bytes', 12));
  const text = await metrics.render();
  for (const labels of ['task="audit",outcome="ok"', 'task="audit",outcome="failed"', 'task="scrub",outcome="ok"']) {
    expect(text).toMatch(new RegExp(`maintenance_last_run_timestamp_seconds\\{${labels}\\} 1[0-9.]+`));
    expect(text).toMatch(new RegExp(`maintenance_last_run_duration_seconds\\{${labels}\\} [0-9.]+`));
  }
  expect(text).toContain('maintenance_last_run_items{task="scrub",what="bytes"} 12');
  expect(text).not.toContain('what="orphans"'); // of the run before the last
});
