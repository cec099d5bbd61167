import { afterAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { asOwner } from '../../src/modules/backup/infrastructure/restore/owner-connection';
import { testDatabase } from '../support/postgres';

const db = await testDatabase();
afterAll(() => db.drop());

const KEEPALIVE = 2;
const JIFFIES_PER_SECOND = 100;

/** Seconds until the kernel asks for a sign of life. @see Linux, Documentation/networking/proc_net_tcp */
function keepAliveIn(client: Client): number {
  const { localPort } = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  const port = (localPort ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const rows = ['tcp', 'tcp6'].flatMap((of) => readFileSync(`/proc/self/net/${of}`, 'utf8').split('\n'));
  const row = rows.map((line) => line.trim().split(/\s+/)).find((fields) => fields[1]?.endsWith(`:${port}`));
  const [timer, when] = (row?.[5] ?? '').split(':').map((hex) => Number.parseInt(hex, 16));
  expect(timer).toBe(KEEPALIVE);
  return (when ?? Number.NaN) / JIFFIES_PER_SECOND;
}

test('a connection whose end was lost on its way is found out within seconds: that which listens, and that which holds a lock', async () => {
  const listening = db.database.dedicated('listens');
  await listening.connect();
  expect(keepAliveIn(listening)).toBeLessThanOrEqual(10);
  await listening.end();
  await asOwner(db.url, async (client) => expect(keepAliveIn(client)).toBeLessThanOrEqual(10));
});
