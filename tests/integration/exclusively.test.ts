import { afterAll, beforeAll, expect, test } from 'bun:test';
import { exclusively } from '../../src/modules/maintenance/application/exclusively';
import { TaskIsRunning } from '../../src/modules/maintenance/domain/maintenance-run';
import { postgresTaskLocks } from '../../src/modules/maintenance/infrastructure/postgres-task-locks';
import { type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
}, 60_000);
afterAll(() => db.drop());

const locks = () => postgresTaskLocks(db.database);

test('work waits until whoever holds the lock has let go of it', async () => {
  const holder = await locks().tryLock('quarantine');
  const steps: string[] = [];
  const working = exclusively(locks(), 'quarantine')(async () => steps.push('work'));
  await Bun.sleep(250);
  steps.push('release');
  await holder?.release();
  await working;
  expect(steps).toEqual(['release', 'work']);
});

test('of many only one works at a time, and each has its turn', async () => {
  let atWork = 0;
  let most = 0;
  const turns = await Promise.all(
    [1, 2, 3, 4].map((turn) =>
      exclusively(
        locks(),
        'quarantine',
      )(async () => {
        atWork += 1;
        most = Math.max(most, atWork);
        await Bun.sleep(20);
        atWork -= 1;
        return turn;
      }),
    ),
  );
  expect([turns, most]).toEqual([[1, 2, 3, 4], 1]);
});

test('it is told that another works when the lock does not become free, and works on nothing', async () => {
  const holder = await locks().tryLock('quarantine');
  let worked = false;
  const refused = exclusively(locks(), 'quarantine', 2)(async () => (worked = true));
  await expect(refused).rejects.toThrow(TaskIsRunning);
  await holder?.release();
  expect(worked).toBe(false);
});

test('work that loses the lock is told, and not waited for', async () => {
  const [begun, never] = [Promise.withResolvers<AbortSignal>(), Promise.withResolvers<void>()];
  const working = exclusively(
    locks(),
    'quarantine',
  )((lost) => {
    begun.resolve(lost);
    return never.promise;
  });
  const refused = working.catch((error: Error) => error.message);
  const lost = await begun.promise;
  expect(lost.aborted).toBe(false);
  // of this database: the server is that of other tests, too
  await db.sql(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`,
  );
  expect(await refused).toContain('was lost');
  expect(lost.aborted).toBe(true);
  expect(await exclusively(locks(), 'quarantine')(async () => 'done')).toBe('done');
});

test('work that fails gives the lock back', async () => {
  const failing = exclusively(locks(), 'quarantine')(() => Promise.reject(new Error('of the work')));
  await expect(failing).rejects.toThrow('of the work');
  expect(await exclusively(locks(), 'quarantine', 1)(async () => 'done')).toBe('done');
});
