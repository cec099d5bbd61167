import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Client } from 'pg';
import { postgresLivingObjects } from '../../src/modules/backup/infrastructure/restore/living-objects';
import { postgresNamingRows } from '../../src/modules/maintenance/infrastructure/postgres-naming-rows';
import { postgresNamedObjects } from '../../src/modules/storage/infrastructure/postgres-named-objects';
import { Database } from '../../src/platform/database/database';
import { silentLog } from '../support/log';
import { type TestDatabase, testDatabase } from '../support/postgres';

// What only a progress bar wants to know must not end an audit, a restore or a migration before it begins.

let db: TestDatabase;
let hurried: Database;
beforeAll(async () => {
  db = await testDatabase();
  // whoever counts has to wait for the lock, and is cancelled before it would be refused
  const limits = { poolSize: 2, statementTimeoutMs: 200, lockTimeoutMs: 60_000, connectTimeoutMs: 3000 };
  hurried = new Database({ url: db.url, ...limits }, silentLog);
}, 60_000);
afterAll(async () => {
  await hurried.close();
  await db.drop();
});

const counts = () => [
  postgresNamingRows(hurried.orm, { buckets: [], namesOf: async () => new Map() }).count(),
  postgresLivingObjects(hurried).count(),
  postgresNamedObjects(hurried.orm, { buckets: [], keyOf: () => expect.unreachable('no row is read') }).count(),
];

test('a count that takes too long is unknown, and one that does not is a number', async () => {
  const client = new Client({ connectionString: db.url });
  await client.connect();
  try {
    await client.query('begin; lock table product_images in access exclusive mode');
    expect(await Promise.all(counts())).toEqual([null, null, null]);
  } finally {
    await client.end();
  }
  expect(await Promise.all(counts())).toEqual([0, 0, 0]);
});

test('a count that fails for another reason fails', async () => {
  await db.sql('alter table image_variants rename to image_variants_gone');
  const ended = await Promise.allSettled(counts());
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
