import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Seller } from '../../src/kernel/principal';
import { PROGRESS_CHANNEL } from '../../src/modules/realtime/infrastructure/channels';
import { aProduct } from '../support/products-fixture';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import { openSocket, untilMessages } from '../support/socket';

// Followers that name no event: from which moment on they miss nothing.

let server: TestServer;
let seller: SellerClient;
let product: string;

beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
  product = (await aProduct(server.db, { userId: seller.userId } as Seller, { images: 1 })).id;
}, 60_000);
afterAll(() => server.stop());

/** Opens while the number of the last event cannot be read. @returns what was opened, and whether it was open before it could be */
async function openedInTheDark<Door>(open: () => Promise<Door>): Promise<{ door: Door; wasOpenBefore: boolean }> {
  const { sql, database } = server.db;
  await sql('begin');
  try {
    await sql('lock table seller_ledger in access exclusive mode');
    let wasOpenBefore = false;
    const opening = open().finally(() => {
      wasOpenBefore = true;
    });
    const waiting = "select from pg_locks where not granted and relation = 'seller_ledger'::regclass";
    await until(async () => (await database.query(waiting)).rows.length > 0, 'the number to be asked for');
    await Bun.sleep(100);
    const seen = { wasOpenBefore };
    await sql('rollback');
    return { door: await opening, ...seen };
  } finally {
    await sql('rollback');
  }
}

const progress = (percent: number) => server.db.sql('select record_progress($1, $2, null)', [product, percent]);

async function lastEvent(): Promise<number> {
  const [row] = await server.db.sql<{ n: string }>('select last_event as n from seller_ledger where user_id = $1', [
    seller.userId,
  ]);
  return Number(row?.n);
}

test('a socket is open only when nothing can be missed any more', async () => {
  const { door: socket, wasOpenBefore } = await openedInTheDark(() =>
    openSocket(server.url, '/ws/products', { token: seller.accessToken }),
  );
  expect(wasOpenBefore).toBe(false);
  await progress(1);
  await untilMessages(socket, 1);
  expect(socket.ids()).toEqual([await lastEvent()]);
  socket.close();
});

test('an event stream is answered only then, and progress of an upload has the point to resume from at once', async () => {
  const { door: response, wasOpenBefore } = await openedInTheDark(() =>
    fetch(`${server.url}/trpc/products.events`, { headers: { accept: 'text/event-stream', ...seller.headers } }),
  );
  expect(wasOpenBefore).toBe(false);
  const last = await lastEvent();
  const announce = () =>
    server.db.sql('select pg_notify($1, $2)', [PROGRESS_CHANNEL, JSON.stringify([seller.userId, product, 0, 1, 50])]);
  const timer = setInterval(() => void announce(), 50);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('upload_progress')) text += (await reader.read()).value;
  clearInterval(timer);
  await progress(2);
  while (!text.includes('status_change')) text += (await reader.read()).value;
  await reader.cancel();
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  expect(new Set(ids)).toEqual(new Set([last, last + 1]));
});
