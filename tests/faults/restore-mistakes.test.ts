import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { OpenBackup } from '../../src/modules/backup';
import type { Progress, RestoreRun } from '../../src/modules/backup/domain/restore';
import { RunLost } from '../../src/modules/backup/domain/restore-refused';
import { restoredDatabase } from '../../src/modules/backup/infrastructure/restore/restored-database';
import { migrate } from '../../src/platform/database/migrate';
import { otherBytesUnder } from '../support/other-bytes';
import { photo } from '../support/photos';
import { filesOf, type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller } from '../support/seller-client';

// A restore that is pointed at what it must not touch, and two that are pointed at the same.

const PRODUCTS = 3;
let kit: RecoveryKit;

beforeAll(async () => {
  kit = await recoveryKit();
  const server = await kit.start();
  const seller = await aSeller(server);
  for (let n = 0; n < PRODUCTS; n += 1) await seller.upload([await photo({ seed: n })]);
  await server.stop();
  await kit.told(['backup', 'create']);
}, 120_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.loseDatabase();
  await kit.loseObjects();
});

const restore = (more = {}, ...options: string[]) => kit.cli(['backup', 'restore', ...options], more);
const restoring = () => restoredDatabase(kit.url, () => 0);
const counted = async (table: string) =>
  (await kit.sql<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

async function newest(): Promise<OpenBackup> {
  return await kit.withContainer(async ({ backup }) => {
    const { list, open } = await backup.reading();
    const { id } = (await list()).at(-1)!;
    return await open(id);
  });
}

/** Ended after its first object, as by an outage. */
async function cutShort(): Promise<void> {
  const backup = await newest();
  const outage = new AbortController();
  const onProgress = () => outage.abort(new Error('an outage'));
  await kit.withContainer(
    async (container) => {
      const running = container.restore.whole(backup, { signal: outage.signal, onProgress });
      await expect(running).rejects.toThrow('an outage');
    },
    { BACKUP_CONCURRENCY: '1' },
  );
  expect(await kit.keys()).toHaveLength(1);
}

describe('a database that is not of this software is thrown away by no option', () => {
  const theirs: [string, string, string][] = [
    [
      'another drizzle project’s',
      `create schema drizzle; create table drizzle.__drizzle_migrations as select 1 as id, 'theirs' as hash, 1::bigint as created_at;
       create table users (id int); create table customers as select 1 as id`,
      'customers',
    ],
    ['one with the jobs of another', 'create schema pgboss; create table pgboss.job as select 1 as id', 'pgboss.job'],
    [
      'one with nothing but a view',
      'create schema theirs; create table theirs.kept as select 1 as id; create view public.seen as select * from theirs.kept',
      'public.seen',
    ],
  ];

  test.each(theirs)('%s', async (_, sql, table) => {
    await kit.sql(sql);
    for (const options of [[], ['--discard-database']])
      await expect(restore({}, ...options)).rejects.toThrow(/tables of another software/);
    expect(await counted(table)).toBe(1);
  });

  test('ours, with a table or a function beside our own', async () => {
    await migrate(kit.url);
    for (const [theirs, gone] of [
      ['create table customers as select 1 as id', 'drop table customers'],
      ['create function public.theirs() returns int return 1', 'drop function public.theirs'],
    ] as const) {
      await kit.sql(theirs);
      await expect(restore({}, '--discard-database')).rejects.toThrow(/public\.(customers|theirs)/);
      await kit.sql(gone);
    }
    await restore();
    expect(await counted('products')).toBe(PRODUCTS);
  }, 60_000);

  test('and ours without an account is none of that: but what waits to be deleted is not thrown away', async () => {
    await migrate(kit.url);
    await kit.sql(
      `insert into intents (kind, prefix, state, expires_at) values ('delete', 'products/x/', 'draining', now())`,
    );
    await expect(restore()).rejects.toThrow(/the database is not empty/);
    await restore({}, '--discard-database');
    expect(await counted('products')).toBe(PRODUCTS);
  }, 60_000);
});

describe('a database with accounts is not thrown away for a backup that can’t be loaded', () => {
  test.each(['/tables/product_images/', '/objects/000001'])(
    '%s is damaged',
    async (part) => {
      await restore();
      const backups = await kit.copyOfBackups();
      const [file = ''] = (await filesOf(backups, '/backups/')).filter((path) => path.includes(part));
      const bytes = Buffer.from(await Bun.file(file).bytes());
      bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
      await Bun.write(file, bytes);
      await expect(restore({ BACKUP_DIR: backups }, '--discard-database', '--keep-objects')).rejects.toThrow(
        /the backup is damaged/,
      );
      expect(await counted('products')).toBe(PRODUCTS);
      expect(await kit.keys()).toHaveLength(PRODUCTS);
    },
    60_000,
  );
});

describe('another bucket than the one that a restore began with', () => {
  test('is refused, and stays as it is', async () => {
    await cutShort();
    const elsewhere = { DATA_DIR: await kit.newFolder() };
    await kit.withContainer(
      ({ storage }) => otherBytesUnder(storage.store, 'products/of/another/system.jpg'),
      elsewhere,
    );
    await expect(restore(elsewhere)).rejects.toThrow(/brings its objects to the folder .* and the settings name/);
    await expect(restore(elsewhere, '--discard-database')).rejects.toThrow(/is not empty/);
    expect(await kit.keys(elsewhere)).toEqual(['products/of/another/system.jpg']);
    await restore();
    expect(await kit.keys()).toHaveLength(PRODUCTS);
  }, 60_000);

  test('what came into its own meanwhile stays, when it is taken back', async () => {
    await cutShort();
    await kit.withContainer(({ storage }) => otherBytesUnder(storage.store, 'products/of/somebody/else.jpg'));
    const backups = await kit.copyOfBackups();
    for (const blob of await filesOf(backups, '/objects/intellipost-backups/objects/')) await Bun.write(blob, 'rotten');
    await expect(restore({ BACKUP_DIR: backups })).rejects.toThrow(/missing or damaged in the backup/);
    expect(await kit.keys()).toEqual(['products/of/somebody/else.jpg']);
    expect(await restoring().find()).toEqual({ is: 'empty' });
  }, 60_000);
});

describe('while a restore is at work', () => {
  test('another one is refused, no server starts, and it is told when it is not alone any more', async () => {
    await migrate(kit.url);
    await restoring().alone(async (lost) => {
      await expect(restore()).rejects.toThrow(/another restore is at work/);
      await expect(kit.start()).rejects.toThrow(/A restore is at work in this database/);
      expect(lost.aborted).toBe(false);
      const told = new Promise((resolve) => lost.addEventListener('abort', resolve));
      // of this database: the server is that of other tests, too
      await kit.sql(
        `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = 7112027
          and database = (select oid from pg_database where datname = current_database())`,
      );
      await told;
      expect(lost.reason).toBeInstanceOf(RunLost);
    });
    await restore();
  }, 60_000);

  test('the run that it took over from can load, end and take back nothing', async () => {
    const [one, other] = [newId<RestoreRun>(), newId<RestoreRun>()];
    const database = restoring();
    const { manifest } = await newest();
    const progress: Progress = {
      run: one,
      backupId: manifest.backupId,
      phase: 'begun',
      place: 'here',
      bucketWasEmpty: true,
      isRehearsal: false,
    };
    await database.begin(progress);
    await database.goOn(one, other);
    let taken = false;
    const takes = async () => {
      taken = true;
    };
    expect(await database.abandon(one, takes)).toBe(false);
    await expect(database.load(one, manifest.schema.lastMigration, [], [])).rejects.toThrow(RunLost);
    await database.load(other, manifest.schema.lastMigration, [], []);
    await database.migrateOn();
    const end = { reason: 'x', startedAt: new Date(), counts: {}, lost: [] };
    await expect(database.finish(one, end)).rejects.toThrow(RunLost);
    await expect(database.goOn(one, newId<RestoreRun>())).rejects.toThrow(RunLost);
    expect(taken).toBe(false);
    expect(await database.find()).toEqual({ is: 'half-restored', ...progress, run: other, phase: 'loaded' });
    expect(await database.abandon(other, takes)).toBe(true);
    expect([taken, await database.find()]).toEqual([true, { is: 'empty' }]);
  }, 60_000);
});

test('other bytes under a key are named, and give way where that is said', async () => {
  await restore();
  const [rotten = ''] = await kit.keys();
  const rot = () =>
    kit.withContainer(async ({ storage }) => {
      await storage.store.deleteMany([rotten as unknown as ObjectKey]);
      await otherBytesUnder(storage.store, rotten);
    });
  await rot();
  await kit.loseDatabase();
  const lines: string[] = [];
  const refused = kit.cli(['backup', 'restore', '--keep-objects', '--without-damaged', '--json'], {}, lines);
  await expect(refused).rejects.toThrow(/1 keys hold other bytes/);
  expect(lines).toEqual([JSON.stringify({ key: rotten })]);
  expect(await kit.keys()).toHaveLength(PRODUCTS);
  const report = await kit.told(['backup', 'restore', '--keep-objects', '--replace-damaged']);
  expect(report.counts).toMatchObject({ objects: 1, replaced: 1, present: PRODUCTS - 1, lost: 0 });

  await rot();
  await expect(kit.cli(['backup', 'restore', 'objects'])).rejects.toThrow(
    `hold other bytes, and --replace-damaged was not given:\n${rotten}`,
  );
  const replaced = await kit.told(['backup', 'restore', 'objects', '--replace-damaged']);
  expect(replaced.counts).toMatchObject({ put: 1, replaced: 1, taken: 0, lost: 0 });
  expect((await kit.told(['backup', 'restore', 'objects'])).counts).toMatchObject({ put: 0, present: PRODUCTS });
}, 60_000);
