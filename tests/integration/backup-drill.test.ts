import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { readdir, rm } from 'node:fs/promises';
import { runDrill } from '../../src/backup-drill';
import { CommandFailed } from '../../src/cli/command';
import { openScratchSystem } from '../../src/scratch-system';
import { silentLog } from '../support/log';
import { photo } from '../support/photos';
import { asSuperuser, emptyDatabase } from '../support/postgres';
import { filesOf, type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { markerOf, markerOfEarlierVersion } from '../support/restore-marker';
import { s3Server } from '../support/s3-servers';
import { aSeller } from '../support/seller-client';
import { s3Environment } from '../support/server';

let kit: RecoveryKit;

beforeAll(async () => {
  kit = await recoveryKit();
  const server = await kit.start();
  const seller = await aSeller(server);
  for (let n = 0; n < 3; n += 1) await seller.upload([await photo({ seed: n }), await photo({ seed: n + 1 })]);
  await server.stop();
  await kit.cli(['backup', 'create']);
}, 120_000);
afterAll(() => kit.stop());

const drills = () =>
  kit.sql("select datname from pg_database where starts_with(datname, current_database() || '_drill_')");
const folders = async () => (await readdir(kit.dataDir)).filter((name) => name.startsWith('drill-'));
const nothingIsLeft = async () => expect([await drills(), await folders()]).toEqual([[], []]);
const runs = () => kit.sql("select outcome from maintenance_runs where task = 'backup_drill' order by id");

test('a drill restores beside the running system, reads as sellers do, says RPO and RTO, and leaves nothing', async () => {
  const server = await kit.start();
  const keys = await kit.keys();
  const { counts } = await kit.told<{ counts: Record<string, number> }>(['backup', 'drill']);
  expect(counts).toMatchObject({ objects: 6, products_read: 3, images_read: 6, lost: 0, differences: 0 });
  expect(counts.rpo_seconds).toBeGreaterThanOrEqual(0);
  expect(counts.rto_seconds).toBeGreaterThan(0);
  expect(await kit.keys()).toEqual(keys);
  expect(await kit.sql('select 1 from maintenance_hold')).toEqual([]);
  await nothingIsLeft();
  expect(await runs()).toEqual([{ outcome: 'ok' }]);
  const ready = (await (await fetch(`${server.url}/readyz`)).json()) as { details: { last_success: object } };
  expect(ready.details.last_success).toMatchObject({ backup_drill: expect.stringMatching(/^20/) });
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
    /maintenance_last_run_timestamp_seconds\{task="backup_drill",outcome="ok"\} 1/,
  );
  await server.stop();
}, 120_000);

test('one that finds the backup wanting fails, says what is missing, and leaves nothing', async () => {
  const backups = await kit.copyOfBackups();
  const [blob = ''] = await filesOf(backups, '/objects/intellipost-backups/objects/');
  await rm(blob);
  await expect(kit.cli(['backup', 'drill'], { BACKUP_DIR: backups })).rejects.toThrow(
    /objects are not in the backup whole/,
  );
  await nothingIsLeft();
  expect((await runs()).at(-1)).toEqual({ outcome: 'failed' });
}, 120_000);

test('what a drill that was killed has left goes with the next one', async () => {
  const [row] = await kit.sql<{ name: string }>("select current_database() || '_drill_0000dead' as name");
  await kit.sql(`create database "${row?.name}"`);
  await Bun.write(`${kit.dataDir}/drill-0000dead/left`, 'behind');
  const empty = await kit.copyOfBackups();
  const manifests = (await filesOf(empty, '/backups/')).filter((path) => path.endsWith('/manifest'));
  const bytes = Buffer.from(await Bun.file((await filesOf(empty, '/tables/users/'))[0] ?? '').bytes());
  await Bun.write((await filesOf(empty, '/tables/users/'))[0] ?? '', bytes.subarray(0, 10));
  await expect(kit.cli(['backup', 'drill'], { BACKUP_DIR: empty })).rejects.toThrow(CommandFailed);
  await nothingIsLeft();
  for (const manifest of manifests) await rm(manifest);
  await expect(kit.cli(['backup', 'drill'], { BACKUP_DIR: empty })).rejects.toThrow(/holds no backup/);
}, 120_000);

describe('a database that is named for drills', () => {
  const tables = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
  let named: Awaited<ReturnType<typeof emptyDatabase>>;
  beforeEach(async () => {
    named = await emptyDatabase();
  });
  afterEach(() => named.drop());
  const drillInto = (url: string) =>
    kit.told<{ counts: object }>(['backup', 'drill'], { BACKUP_DRILL_DATABASE_URL: url });

  test('is emptied afterwards, and before of what a drill that was killed has left', async () => {
    expect((await drillInto(named.url)).counts).toMatchObject({ products_read: 3, differences: 0 });
    expect(await asSuperuser(named.url, tables)).toEqual([]);
    await asSuperuser(named.url, `create table users as select 1 as id; ${markerOf({ isRehearsal: true })}`);
    expect((await drillInto(named.url)).counts).toMatchObject({ products_read: 3, differences: 0 });
    expect(await asSuperuser(named.url, tables)).toEqual([]);
  }, 120_000);

  test('stays as it is where it is another software’s', async () => {
    await asSuperuser(
      named.url,
      `create table customers as select 1 as id; create table users (id int); create schema pgboss; create table pgboss.job (id int);
       create schema drizzle; create table drizzle.__drizzle_migrations as select 1 as id, 'theirs' as hash`,
    );
    await expect(drillInto(named.url)).rejects.toThrow(/tables of another software/);
    expect(await asSuperuser(named.url, 'select id from customers')).toEqual([{ id: 1 }]);
    expect(await asSuperuser(named.url, 'select hash from drizzle.__drizzle_migrations')).toEqual([{ hash: 'theirs' }]);
    expect(await asSuperuser(named.url, 'select id from pgboss.job')).toEqual([]);
    await nothingIsLeft();
  }, 120_000);

  test('stays as it is where no drill has filled it, but a restore that ended or did not', async () => {
    await kit.cli(['backup', 'restore'], { DATABASE_URL: named.url, DATA_DIR: await kit.newFolder() });
    await expect(drillInto(named.url)).rejects.toThrow(/no drill has filled it/);
    expect(await asSuperuser(named.url, 'select count(*)::int as n from products')).toEqual([{ n: 3 }]);
    await asSuperuser(named.url, markerOf({ isRehearsal: false }));
    await expect(drillInto(named.url)).rejects.toThrow(/no drill has filled it/);
    expect(await asSuperuser(named.url, 'select count(*)::int as n from products')).toEqual([{ n: 3 }]);
  }, 120_000);

  test('stays as it is where an earlier version has left half of a backup, and the drill says what to do', async () => {
    await asSuperuser(named.url, `create table users as select 1 as id; ${markerOfEarlierVersion()}`);
    await expect(drillInto(named.url)).rejects.toThrow(/If that was a drill, drop the database and make it anew/);
    expect(await asSuperuser(named.url, 'select id from users')).toEqual([{ id: 1 }]);
    await nothingIsLeft();
  }, 120_000);

  test('is not the application’s own, by whatever name', async () => {
    const alias = new URL(kit.url);
    alias.hostname = alias.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
    await expect(drillInto(alias.href)).rejects.toThrow(/the application’s own database/);
    expect(await kit.sql('select count(*)::int as n from products')).toEqual([{ n: 3 }]);
    await nothingIsLeft();
  }, 120_000);

  test('that is gone when the drill is removed keeps nothing else from going', async () => {
    await kit.withContainer(async (container) => {
      const settings = kit.settings({ BACKUP_DRILL_DATABASE_URL: named.url });
      const scratch = await openScratchSystem(container, settings, silentLog);
      expect(await folders()).toHaveLength(1);
      await named.drop();
      await expect(scratch.remove()).rejects.toThrow(/does not exist/);
    });
    await nothingIsLeft();
  }, 120_000);
});

test('a drill that is told to stop, because the server does, leaves nothing and is no failure', async () => {
  await kit.withContainer(async (container) => {
    const stopping = new AbortController();
    stopping.abort(new Error('the server stops'));
    expect(await runDrill(container, kit.settings(), silentLog, stopping.signal)).toBeNull();
  });
  await nothingIsLeft();
  expect((await runs()).at(-1)).toEqual({ outcome: 'stopped' });
}, 120_000);

test('in production a drill puts photos on no disk that is not encrypted', async () => {
  await kit.withContainer(async (container) => {
    const settings = { ...kit.settings(), NODE_ENV: 'production' } as const;
    await expect(openScratchSystem(container, settings, silentLog)).rejects.toThrow(/BACKUP_DRILL_BUCKET_NAME/);
    await nothingIsLeft();
    const scratch = await openScratchSystem(container, { ...settings, DISK_ENCRYPTED_AT_REST: true }, silentLog);
    await scratch.remove();
  });
  await nothingIsLeft();
}, 120_000);

const minio = await s3Server('minio');
describe.skipIf(!minio)('a bucket that is named for drills', () => {
  let onS3: RecoveryKit;
  beforeAll(async () => {
    onS3 = await recoveryKit(s3Environment(minio!));
    const server = await onS3.start();
    await (await aSeller(server)).upload([await photo({ seed: 7 })]);
    await server.stop();
    await onS3.cli(['backup', 'create']);
  }, 120_000);
  afterAll(() => onS3?.stop());

  test('is emptied before and after, and the images’ own bucket stays as it is', async () => {
    const bucket = `drill-${crypto.randomUUID()}`;
    const inBucket = { S3_BUCKET_NAME: bucket };
    // as a drill that was killed leaves it
    const elsewhere = await emptyDatabase();
    const former = onS3.settings().S3_BUCKET_NAME ?? '';
    await onS3.cli(['backup', 'restore'], { ...inBucket, DATABASE_URL: elsewhere.url, S3_FORMER_BUCKET_NAMES: former });
    await elsewhere.drop();
    expect(await onS3.keys(inBucket)).toHaveLength(1);
    const keys = await onS3.keys();
    const { counts } = await onS3.told<{ counts: object }>(['backup', 'drill'], { BACKUP_DRILL_BUCKET_NAME: bucket });
    expect(counts).toMatchObject({ objects: 1, products_read: 1, images_read: 1, differences: 0 });
    expect(await onS3.keys(inBucket)).toEqual([]);
    expect(await onS3.keys()).toEqual(keys);
    expect((await readdir(onS3.dataDir)).filter((name) => name.startsWith('drill-'))).toEqual([]);
  }, 120_000);
});
