import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { rm, truncate } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Client } from 'pg';
import { CommandFailed } from '../../src/cli/command';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { migrate, requireCurrentSchema } from '../../src/platform/database/migrate';
import { photo } from '../support/photos';
import { filesOf, type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { digestsByUrls } from '../support/restless-sellers';
import { markerOf, markerOfEarlierVersion } from '../support/restore-marker';
import { aSeller, type SellerClient } from '../support/seller-client';
import { type Environment, keysOnDisk } from '../support/server';
import { failedStart } from '../support/server-process';

// What is wrong with a backup, its key, or the place that it is to come back to; and what a killed restore leaves.

const PRODUCTS = 12;
let kit: RecoveryKit;
let seller: SellerClient;
let encrypted: Environment;
let otherIdentity: string;
const products: { id: string; photos: string[] }[] = [];

beforeAll(async () => {
  kit = await recoveryKit();
  const server = await kit.start();
  seller = await aSeller(server);
  for (let n = 0; n < PRODUCTS; n += 1) {
    const bytes = await photo({ seed: n });
    const { id } = (await (await seller.upload([bytes])).json()) as { id: string };
    products.push({ id, photos: [sha256OfBytes(bytes)] });
  }
  await server.stop();
  await kit.told(['backup', 'create']);
  encrypted = { BACKUP_DIR: await kit.newFolder(), BACKUP_ENCRYPTION_IDENTITY: await anIdentity() };
  otherIdentity = await anIdentity();
  await kit.told(['backup', 'create'], encrypted);
  await kit.loseObjects();
}, 120_000);
afterAll(() => kit.stop());
beforeEach(() => kit.loseDatabase());

const anIdentity = async () => /AGE-SECRET-KEY-1[0-9A-Z]+/.exec((await kit.cli(['backup', 'key'])).join())?.[0] ?? '';

const restore = (more: Environment = {}, ...options: string[]) => kit.cli(['backup', 'restore', ...options], more);

/** Nothing of a restore is there: no row, no schema of ours, no object. */
async function expectNothing(): Promise<void> {
  const tables = await kit.sql<{ n: number }>(
    "select count(*)::int as n from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  const schemas = await kit.sql(
    "select nspname from pg_namespace where nspname in ('pgboss', 'drizzle', 'intellipost_restore')",
  );
  expect([tables, schemas, await kit.keys()]).toEqual([[{ n: 0 }], [], []]);
}

async function expectEverything(): Promise<void> {
  const server = await kit.start();
  for (const product of products) expect(await digestsByUrls({ ...product, seller }, server)).toEqual(product.photos);
  await server.stop();
  await kit.loseObjects();
}

describe('a backup that is not whole is refused, and leaves nothing', () => {
  test('a damaged dump', async () => {
    const backups = await kit.copyOfBackups();
    const [segment = ''] = await filesOf(backups, '/tables/product_images/');
    const bytes = Buffer.from(await Bun.file(segment).bytes());
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    await Bun.write(segment, bytes);
    await expect(restore({ BACKUP_DIR: backups })).rejects.toThrow(/the backup is damaged: .*tables\/product_images/);
    await expectNothing();
  }, 120_000);

  test('a missing object and a damaged one, which are named; without them it comes back, and their images are marked', async () => {
    const backups = await kit.copyOfBackups();
    const [missing = '', damaged = ''] = await filesOf(backups, '/objects/intellipost-backups/objects/');
    await rm(missing);
    const bytes = Buffer.from(await Bun.file(damaged).bytes());
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await Bun.write(damaged, bytes);
    await expect(restore({ BACKUP_DIR: backups })).rejects.toThrow(
      /^2 objects are missing or damaged in the backup: products\//,
    );
    await expectNothing();
    await restore({ BACKUP_DIR: backups }, '--without-damaged');
    expect(await kit.keys()).toHaveLength(PRODUCTS - 2);
    expect(await kit.sql('select count(*)::int as n from product_images where damaged_at is not null')).toEqual([
      { n: 2 },
    ]);
    await kit.loseObjects();
  }, 120_000);

  test('a manifest that was cut short', async () => {
    const backups = await kit.copyOfBackups();
    const manifest = (await filesOf(backups, '/backups/')).find((path) => path.endsWith('/manifest')) ?? '';
    await truncate(manifest, Bun.file(manifest).size - 20);
    await expect(restore({ BACKUP_DIR: backups })).rejects.toThrow(
      'the backup is damaged: manifest is cut short or changed',
    );
    await expectNothing();
  });

  test('one that was encrypted with another key', async () => {
    const wrong = { ...encrypted, BACKUP_ENCRYPTION_IDENTITY: otherIdentity };
    await expect(restore(wrong)).rejects.toThrow(/encrypted with a key that is neither/);
    await expectNothing();
    await restore(encrypted);
    await expectEverything();
  }, 120_000);
});

describe('a place that is not empty is left as it is', () => {
  test('a database with accounts, and a bucket with objects, unless that was said', async () => {
    await restore();
    await expect(restore()).rejects.toThrow(/the database is not empty/);
    await expect(restore({}, '--discard-database')).rejects.toThrow(/bucket "intellipost-images" is not empty/);
    expect(await kit.sql('select count(*)::int as n from products')).toEqual([{ n: PRODUCTS }]);
    const report = await kit.told<{ counts: object }>(['backup', 'restore', '--discard-database', '--keep-objects']);
    expect(report.counts).toMatchObject({ objects: 0, present: PRODUCTS });
    await expectEverything();
  }, 120_000);

  test('a database that servers are connected to, and one of another software', async () => {
    await migrate(kit.url);
    const server = await kit.start();
    await fetch(`${server.url}/readyz`);
    await expect(restore()).rejects.toThrow(/servers are connected/);
    await server.stop();
    await kit.loseDatabase();
    await kit.sql('create table customers (id int)');
    await expect(restore()).rejects.toThrow(/tables of another software/);
    expect(await kit.sql('select count(*)::int as n from customers')).toEqual([{ n: 0 }]);
  }, 120_000);
});

describe('a restore that is killed', () => {
  const HELD = 4_711;
  /** The first thing that it does after the last row is to switch triggers on again: there it waits, before it has committed. */
  const HOLDS_AT_THE_END_OF_ROWS = `
    create schema held;
    create function held.hold() returns event_trigger language plpgsql as $$ begin
      if current_query() like '%enable trigger%' then perform pg_advisory_xact_lock(${HELD}); end if;
    end $$;
    create event trigger held on ddl_command_end when tag in ('ALTER TABLE') execute function held.hold()`;
  const OF_RESTORES = `from pg_stat_activity where datname = current_database() and application_name = 'intellipost restore'`;
  const WAITS = `select 1 ${OF_RESTORES} and wait_event = 'advisory'`;
  const WAITS_OR_WORKS = `select 1 ${OF_RESTORES}`;

  const spawnRestore = () =>
    Bun.spawn([process.execPath, resolve(import.meta.dir, '../../src/cli.ts'), 'backup', 'restore'], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        ...kit.environment(),
        BACKUP_CONCURRENCY: '1',
      },
      stdio: ['ignore', 'ignore', 'ignore'],
    });

  test('leaves a database that nobody serves, goes on where it was, and sends nothing twice', async () => {
    const { DATA_DIR = '' } = kit.environment();
    const child = spawnRestore();
    // it has a dozen to bring back: seen at the first one
    while ((await keysOnDisk(kit.dataDir).catch(() => [])).length === 0) await Bun.sleep(1);
    child.kill('SIGKILL');
    await child.exited;
    const before = (await kit.keys()).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(PRODUCTS);

    const refused = await failedStart({ ...kit.environment(), DATA_DIR });
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('A restore into this database has begun and not ended'),
    ]);
    await expect(requireCurrentSchema(kit.url)).rejects.toThrow(/has begun and not ended/);
    await expect(kit.cli(['user', 'list'], { MIGRATE_ON_START: 'true' })).rejects.toThrow(/has begun and not ended/);

    const report = await kit.told<{ counts: { objects: number; present: number } }>(['backup', 'restore']);
    expect(report.counts.present).toBeGreaterThanOrEqual(before);
    expect(report.counts.objects + report.counts.present).toBe(PRODUCTS);
    await expectEverything();
  }, 120_000);

  test('while it loads rows, leaves none of them, and goes on with the first one', async () => {
    const holder = new Client({ connectionString: kit.url });
    await holder.connect();
    await holder.query(`select pg_advisory_lock(${HELD})`);
    await kit.sql(HOLDS_AT_THE_END_OF_ROWS);
    const child = spawnRestore();
    while ((await kit.sql(WAITS)).length === 0) await Bun.sleep(5);
    child.kill('SIGKILL');
    await child.exited;
    await holder.end();
    while ((await kit.sql(WAITS_OR_WORKS)).length > 0) await Bun.sleep(5);
    expect(
      await kit.sql('select phase, (select count(*)::int from users) as users from intellipost_restore.under_way'),
    ).toEqual([{ phase: 'begun', users: 0 }]);
    expect(await kit.keys()).toEqual([]);
    await kit.sql('drop schema held cascade');
    expect((await kit.told<{ counts: object }>(['backup', 'restore'])).counts).toMatchObject({ objects: PRODUCTS });
    await expectEverything();
  }, 120_000);

  test('is not mixed with another backup', async () => {
    await kit.sql(markerOf());
    await expect(restore()).rejects.toThrow(CommandFailed);
    await expect(restore()).rejects.toThrow(/holds half of backup/);
  }, 120_000);

  test('is not gone on with where an earlier version has begun it, and can be thrown away', async () => {
    const backupId = crypto.randomUUID();
    await kit.sql(`create table users as select 1 as id; ${markerOfEarlierVersion(backupId)}`);
    await expect(restore()).rejects.toThrow(
      `holds half of backup ${backupId}, as an earlier version of this software has left it: this one can't tell where its objects go`,
    );
    await restore({}, '--discard-database');
    await expectEverything();
  }, 120_000);

  test('a server that runs already is not ready while it lasts', async () => {
    await migrate(kit.url);
    const server = await kit.start();
    const ready = async () => (await fetch(`${server.url}/readyz`)).status;
    expect(await ready()).toBe(200);
    await kit.sql('create schema intellipost_restore');
    expect(await ready()).toBe(503);
    await server.stop();
  }, 120_000);
});
