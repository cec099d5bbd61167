import { afterAll, beforeAll, expect, spyOn, test } from 'bun:test';
import { getEventListeners } from 'node:events';
import type { Log } from '../../src/kernel/log';
import { Notifications } from '../../src/platform/database/notifications';
import { silentLog } from '../support/log';
import { openTestDatabase, type TestDatabase, testDatabase } from '../support/postgres';
import { until } from '../support/server';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

let db: TestDatabase;
let proxy: TcpProxy;

beforeAll(async () => {
  db = await testDatabase();
  proxy = await startTcpProxy(db.url);
}, 60_000);
afterAll(async () => {
  await proxy.stop();
  await db.drop();
});

function listen(log: Log = silentLog) {
  const url = new URL(db.url);
  url.host = `${proxy.host}:${proxy.port}`;
  const database = openTestDatabase(url.href, { connectTimeoutMs: 300 });
  const heard: string[] = [];
  let begun = 0;
  const notifications = new Notifications({
    database,
    log,
    channels: { test_channel: (payload) => heard.push(payload) },
    onListening: () => {
      begun += 1;
    },
    pingEveryMs: 50,
    pingTimeoutMs: 100,
  });
  notifications.start();
  const stop = async () => {
    await notifications.stop();
    await database.close();
  };
  return { notifications, heard, begun: () => begun, stop };
}

const notify = (payload: string) => db.sql('select pg_notify($1, $2)', ['test_channel', payload]);

test('what is announced is heard by one connection, and nothing after the stop', async () => {
  const { notifications, heard, stop } = listen();
  notifications.start(); // a second time changes nothing
  await until(() => notifications.listening, 'listening');
  const connections = await db.sql(
    "select usename from pg_stat_activity where application_name = 'intellipost-events' and datname = current_database()",
  );
  expect(connections).toHaveLength(1);
  await notify('one');
  await until(() => heard.length === 1, 'a notice');
  await stop();
  await notify('two');
  await Bun.sleep(50);
  expect(heard).toEqual(['one']);
});

test.each([['reset'], ['refuse'], ['hang']] as const)(
  'a connection that is lost (%s) is made again, and it says so',
  async (kind) => {
    const warned: string[] = [];
    const { notifications, heard, begun, stop } = listen({
      ...silentLog,
      warn: (_fields, message) => warned.push(message),
    });
    await until(() => notifications.listening, 'listening');
    await proxy.set({ kind });
    await until(() => !notifications.listening, 'the loss to be noticed');
    await proxy.set({ kind: 'pass' });
    await until(() => begun() === 2 && notifications.listening, 'listening again');
    await notify(kind);
    await until(() => heard.length === 1, 'a notice');
    expect(warned.length).toBeGreaterThan(0);
    await stop();
  },
);

test('however often the connection was asked whether it lives, one pause at most waits for the stop', async () => {
  const added = spyOn(AbortSignal.prototype, 'addEventListener');
  try {
    const { stop } = listen();
    const stopping = () => added.mock.contexts.filter((target) => target instanceof AbortSignal);
    await until(() => stopping().length > 3, 'some pings');
    expect(getEventListeners(stopping().at(-1)!, 'abort').length).toBeLessThan(2);
    await stop();
  } finally {
    added.mockRestore();
  }
});

test('it stops while there is nothing to connect to', async () => {
  await proxy.set({ kind: 'refuse' });
  const { notifications, stop } = listen();
  await Bun.sleep(100);
  expect(notifications.listening).toBe(false);
  await stop();
  await proxy.set({ kind: 'pass' });
});
