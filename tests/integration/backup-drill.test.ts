import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readdir, rm } from 'node:fs/promises';
import { CommandFailed } from '../../src/cli/command';
import { photo } from '../support/photos';
import { asSuperuser, emptyDatabase } from '../support/postgres';
import { filesOf, type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller } from '../support/seller-client';

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

test('a database that is named for drills is emptied before and after', async () => {
  const named = await emptyDatabase();
  const left =
    'create schema drizzle; create table drizzle.__drizzle_migrations (id int); create table users as select 1 as id';
  await asSuperuser(named.url, left);
  const { counts } = await kit.told<{ counts: object }>(['backup', 'drill'], { BACKUP_DRILL_DATABASE_URL: named.url });
  expect(counts).toMatchObject({ products_read: 3, differences: 0 });
  const tables = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
  expect(await asSuperuser(named.url, tables)).toEqual([]);
  await named.drop();
}, 120_000);
