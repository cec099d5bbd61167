import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { embeddedHome } from './embedded/home';
import { provideDatabase } from './provide-database';

const given = { DATA_DIR: '/nowhere', DATABASE_URL: 'postgres://app@db/x' };

test('the database that is named is used as it is, by the owner that is named', async () => {
  const urls = await provideDatabase({ ...given, MIGRATION_DATABASE_URL: 'postgres://owner@db/x' });
  expect(urls).toMatchObject({ url: 'postgres://app@db/x', ownerUrl: 'postgres://owner@db/x', embedded: false });
  await urls.release();
});

test('without an owner of its own, the application’s login migrates too', async () => {
  expect((await provideDatabase(given)).ownerUrl).toBe('postgres://app@db/x');
});

test('where none is named, the embedded one is started, and stopped when it is let go', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'provide-database-'));
  const { embedded, url, release } = await provideDatabase({ DATA_DIR });
  const connect = async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.end();
  };
  expect(embedded).toBe(true);
  await connect();
  await release();
  expect(connect()).rejects.toThrow();
  for (const folder of [(await embeddedHome(DATA_DIR)).folder, DATA_DIR]) await rm(folder, { recursive: true });
});
