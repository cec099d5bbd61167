import { expect, test } from 'bun:test';
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
