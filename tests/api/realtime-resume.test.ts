import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Seller } from '../../src/kernel/principal';
import { aProduct } from '../support/products-fixture';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import { openSocket, untilMessages } from '../support/socket';

// Two instances on one database, and a seller whose events are written by many at once.

let one: TestServer;
let two: TestServer;
const JWT_SECRET = 'one secret for both instances, 0123456789';

beforeAll(async () => {
  one = await startTestServer({ JWT_SECRET });
  two = await startTestServer({ JWT_SECRET, DATABASE_URL: one.db.url });
}, 60_000);
afterAll(async () => {
  await two.stop();
  await one.stop();
});

async function followed(): Promise<{ seller: SellerClient; product: string }> {
  const seller = await aSeller(one);
  const { id } = await aProduct(one.db, { userId: seller.userId } as Seller, { status: 'ready', images: 1 });
  return { seller, product: id };
}

async function lastEvent(seller: SellerClient): Promise<number> {
  const [row] = await one.db.sql<{ n: string }>('select last_event as n from seller_ledger where user_id = $1', [
    seller.userId,
  ]);
  return Number(row?.n);
}

/** Transactions of several events, on several connections at once; some are rolled back. */
async function commitMany(product: string, events: number): Promise<void> {
  let left = events;
  const writer = async () => {
    for (; left > 0; ) {
      left -= 2;
      const client = await one.db.database.connect();
      try {
        await client.query('begin');
        for (const progress of [1, 2]) await client.query('select record_progress($1, $2, null)', [product, progress]);
        const isKept = Math.random() > 0.1;
        if (!isKept) left += 2;
        await client.query(isKept ? 'commit' : 'rollback');
      } finally {
        client.release();
      }
    }
  };
  await Promise.all([1, 2, 3, 4].map(writer));
}

const upTo = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + 1 + index);

/** Follows with connections that end at random, now at one instance and now at the other. */
async function followRestlessly(seller: SellerClient, seen: number[], isOver: () => boolean): Promise<number> {
  let sockets = 0;
  while (!isOver()) {
    const server = sockets++ % 2 === 0 ? one : two;
    const path = `/ws/products?last_event_id=${seen.at(-1) ?? 0}`;
    const socket = await openSocket(server.url, path, { token: seller.accessToken });
    await Promise.race([Bun.sleep(Math.random() * 120), socket.closed]);
    socket.close();
    await socket.closed;
    seen.push(...socket.ids());
  }
  return sockets;
}

test('1000 events reach a follower that keeps losing its connection, each once and in order, from two instances', async () => {
  const { seller, product } = await followed();
  const steady = await openSocket(two.url, '/ws/products?last_event_id=0', { token: seller.accessToken });
  const seen: number[] = [];
  let isWritten = false;
  let last = Number.POSITIVE_INFINITY;
  const following = followRestlessly(seller, seen, () => isWritten && (seen.at(-1) ?? 0) >= last);
  await commitMany(product, 1_000);
  last = await lastEvent(seller);
  isWritten = true;
  const sockets = await following;
  await until(() => steady.ids().length >= last, 'the steady follower to have them all');
  expect(last).toBeGreaterThan(1_000);
  expect(sockets).toBeGreaterThan(2);
  expect(seen).toEqual(upTo(0, last));
  expect(steady.ids()).toEqual(upTo(0, last));
  steady.close();
}, 60_000);

test('followers miss nothing while the connections that listen are killed', async () => {
  const { seller, product } = await followed();
  const from = await lastEvent(seller);
  const sockets = await Promise.all(
    [one, two].map((server) => openSocket(server.url, '/ws/products', { token: seller.accessToken })),
  );
  const killed: number[] = [];
  const kill = async () => {
    const rows = await one.db.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'intellipost-events' and datname = current_database()",
    );
    killed.push(rows.length);
  };
  // until each has its place: what was committed before that is not theirs
  for (const socket of sockets) {
    await until(async () => {
      await one.db.sql('select record_progress($1, 0, null)', [product]);
      return socket.messages.length > 0;
    }, 'a first event');
  }
  const first = sockets.map((socket) => socket.ids()[0] ?? 0);
  const writing = commitMany(product, 300);
  for (let round = 0; round < 5; round += 1) {
    await kill();
    await Bun.sleep(60);
  }
  await writing;
  const last = await lastEvent(seller);
  for (const [index, socket] of sockets.entries()) {
    await until(() => socket.ids().at(-1) === last, `event ${last} at socket ${index}`);
    expect(socket.ids()).toEqual(upTo((first[index] ?? 0) - 1, last));
  }
  expect(first.every((id) => id > from)).toBe(true);
  expect(killed.reduce((sum, n) => sum + n)).toBeGreaterThan(1);
  for (const socket of sockets) socket.close();
}, 60_000);

describe('a follower that cannot be told everything', () => {
  test('is told to read again, once, when its number was never given, and goes on from the last one', async () => {
    const { seller, product } = await followed();
    const last = await lastEvent(seller);
    const socket = await openSocket(one.url, `/ws/products?last_event_id=${last + 5}`, { token: seller.accessToken });
    await untilMessages(socket, 1);
    expect(socket.messages).toEqual([{ id: last, type: 'resync', data: {} }]);
    await one.db.sql('select record_progress($1, 9, null)', [product]);
    await untilMessages(socket, 2);
    expect(socket.ids()).toEqual([last, last + 1]);
    socket.close();
  });

  test('is told so when what it missed is not kept any more, and not when only older events are gone', async () => {
    const { seller, product } = await followed();
    await commitMany(product, 10);
    const last = await lastEvent(seller);
    await one.db.sql('delete from product_events where user_id = $1 and number < $2', [seller.userId, last - 2]);
    const sockets = await Promise.all(
      [last - 4, last - 3].map((id) =>
        openSocket(one.url, `/ws/products/${product}/status?last_event_id=${id}`, { token: seller.accessToken }),
      ),
    );
    await untilMessages(sockets[0]!, 1);
    await untilMessages(sockets[1]!, 3);
    expect(sockets[0]!.messages).toEqual([{ id: last, type: 'resync', data: {} }]);
    expect(sockets[1]!.ids()).toEqual(upTo(last - 3, last));
    for (const socket of sockets) socket.close();
  });
});

test('a seller without any event gets the first one', async () => {
  const seller = await aSeller(one);
  const socket = await openSocket(two.url, '/ws/products?last_event_id=0', { token: seller.accessToken });
  await aProduct(one.db, { userId: seller.userId } as Seller, { status: 'uploading', images: 1 });
  await untilMessages(socket, 1);
  expect(socket.messages[0]).toMatchObject({ id: 1, type: 'status_change', data: { status: 'uploading' } });
  socket.close();
});
