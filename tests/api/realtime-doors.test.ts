import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import { createLog } from '../../src/platform/telemetry/log';
import { photo } from '../support/photos';
import { aSeller, PASSWORD, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import { openSocket, refusedHandshake, untilMessages } from '../support/socket';

let server: TestServer;
let seller: SellerClient;
let other: SellerClient;
const lines: string[] = [];

beforeAll(async () => {
  const log = createLog('trace', { write: (line) => lines.push(line) });
  const change = { UPLOAD_FOLLOW_SECONDS: '1', CORS_ORIGINS: 'https://shop.example' };
  server = await startTestServer(change, log);
  seller = await aSeller(server);
  other = await aSeller(server);
}, 60_000);
afterAll(() => server.stop());

async function aTicket(of: SellerClient): Promise<string> {
  const { ticket } = (await (await of.call('POST', '/api/realtime/ticket')).json()) as { ticket: string };
  return ticket;
}

async function uploaded(of: SellerClient): Promise<string> {
  return ((await (await of.upload([await photo()])).json()) as { id: string }).id;
}

describe('a handshake', () => {
  const bearer = (token: string) => ({ 'sec-websocket-protocol': `bearer, ${token}` });

  test('without a token, with a wrong one, or with other subprotocols is answered 401 in the usual body', async () => {
    const forms = [{}, bearer('x.y.z'), { 'sec-websocket-protocol': seller.accessToken }];
    const orders = [
      { 'sec-websocket-protocol': `${seller.accessToken}, bearer` },
      { 'sec-websocket-protocol': 'bearer' },
    ];
    for (const headers of [...forms, ...orders]) {
      for (const path of ['/ws/products', `/ws/products/${newId()}/status`]) {
        const answer = await refusedHandshake(server.url, path, headers as Record<string, string>);
        expect([answer.status, answer.code]).toEqual([401, 'UNAUTHENTICATED']);
        expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
      }
    }
  });

  test('with a query that is not known, or no whole number, is answered 422', async () => {
    for (const query of [
      'last_event_id=x',
      'last_event_id=-1',
      'last_event_id=1.5',
      'since=3',
      'last_event_id=1&last_event_id=2',
    ]) {
      const answer = await refusedHandshake(server.url, `/ws/products?${query}`, bearer(seller.accessToken));
      expect([query, answer.status, answer.code]).toEqual([query, 422, 'VALIDATION_FAILED']);
    }
  });

  test('of a worker is answered 403, and so is one of a page that may not call this API', async () => {
    const { email } = await aSeller(server);
    await server.db.sql("update users set role = 'worker' where email = $1", [email]);
    const login = await other.call('POST', '/api/auth/login', { email, password: PASSWORD });
    const { access_token } = (await login.json()) as { access_token: string };
    expect((await refusedHandshake(server.url, '/ws/products', bearer(access_token))).code).toBe('FORBIDDEN');
    const foreign = { ...bearer(seller.accessToken), origin: 'https://evil.example' };
    expect(await refusedHandshake(server.url, '/ws/products', foreign)).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
    });
    for (const origin of ['https://shop.example', server.url]) {
      const socket = await openSocket(server.url, '/ws/products', { token: seller.accessToken, headers: { origin } });
      expect(socket.protocol()).toBe('bearer');
      socket.close();
    }
  });

  test('that is none is answered 400, and an id that can be none 404', async () => {
    const plain = await fetch(`${server.url}/ws/products`, { headers: seller.headers });
    expect(plain.status).toBe(400);
    const answer = await refusedHandshake(server.url, '/ws/products/1/status', bearer(seller.accessToken));
    expect([answer.status, answer.code]).toEqual([404, 'PRODUCT_NOT_FOUND']);
  });
});

test('a follower of all gets the events of all products, of one those of that product alone', async () => {
  const follower = await aSeller(server);
  const all = await openSocket(server.url, '/ws/products', { token: follower.accessToken });
  const [first, second] = [await uploaded(follower), await uploaded(follower)];
  const one = await openSocket(server.url, `/ws/products/${second.toUpperCase()}/status?last_event_id=0`, {
    token: follower.accessToken,
  });
  for (const id of [first, second]) await server.db.sql("select record_progress($1, 40, 'halfway')", [id]);
  const ofOne = { type: 'status_change', data: { product_id: second, progress: 40, message: 'halfway' } };
  await until(() => one.messages.some(({ data }) => data.progress === 40), 'progress');
  await until(() => all.messages.filter(({ data }) => data.progress === 40).length === 2, 'progress of both');
  const kept = all.messages.filter(({ id }) => id !== undefined);
  expect(kept.map(({ id }) => id)).toEqual(kept.map((_, index) => index + 1));
  expect(one.messages.at(-1)).toMatchObject(ofOne);
  expect(one.messages.every(({ data }) => data.product_id === second)).toBe(true);
  for (const message of kept) expect(Object.keys(message)).toEqual(['id', 'type', 'data']);
  all.close();
  one.close();
}, 30_000);

test('another seller’s product is refused as an unknown one is, and its events are never seen', async () => {
  const theirs = await uploaded(other);
  const sockets = await Promise.all(
    [theirs, newId()].map((id) =>
      openSocket(server.url, `/ws/products/${id}/status?last_event_id=0`, { token: seller.accessToken }),
    ),
  );
  await server.db.sql("select record_progress($1, 1, 'theirs')", [theirs]);
  const [foreign, unknown] = await Promise.all(sockets.map(({ closed }) => closed));
  expect(foreign).toEqual([4404, expect.stringMatching(/^PRODUCT_NOT_FOUND/)]);
  expect(foreign).toEqual(unknown!);
  expect(sockets.map(({ messages }) => messages.length)).toEqual([0, 0]);
}, 30_000);

test('a product of one’s own stays open, also one that is announced and has no row yet', async () => {
  const bytes = await photo();
  const announced = await seller.call('POST', '/api/uploads', {
    prompt_text: 'A used bicycle, blue, new tyres',
    images: [
      {
        content_type: 'image/jpeg',
        file_size_bytes: bytes.length,
        sha256: new Bun.CryptoHasher('sha256').update(bytes).digest('hex'),
      },
    ],
  });
  const { product_id } = (await announced.json()) as { product_id: string };
  const sockets = await Promise.all(
    [await uploaded(seller), product_id, newId()].map((id) =>
      openSocket(server.url, `/ws/products/${id}/status`, { token: seller.accessToken }),
    ),
  );
  await sockets[2]!.closed; // the same time has passed for the others
  const state = (socket: (typeof sockets)[number]) => Promise.race([socket.closed.then(() => 'closed'), Bun.sleep(50)]);
  expect([await state(sockets[0]!), await state(sockets[1]!)]).toEqual([undefined, undefined]);
  for (const socket of sockets) socket.close();
}, 30_000);

describe('a ticket', () => {
  test('opens one socket, whoever holds it, and no second one', async () => {
    const ticket = await aTicket(seller);
    expect(ticket).toMatch(/^[\w-]{43}$/);
    const socket = await openSocket(server.url, `/ws/products?ticket=${ticket}&last_event_id=0`);
    await untilMessages(socket, 1);
    expect(await refusedHandshake(server.url, `/ws/products?ticket=${ticket}`)).toMatchObject({ status: 401 });
    socket.close();
  });

  test('of which many are tried at once lets one in', async () => {
    const ticket = await aTicket(seller);
    const sockets = await Promise.all(
      Array.from({ length: 8 }, () => openSocket(server.url, `/ws/products?ticket=${ticket}`)),
    );
    const ends = await Promise.all(sockets.map(({ closed }) => Promise.race([closed, Bun.sleep(300)])));
    expect(ends.filter((end) => end === undefined)).toHaveLength(1);
    for (const socket of sockets) socket.close();
  });

  test('is worth nothing after its time, and is not in the database', async () => {
    const ticket = await aTicket(seller);
    const rows = await server.db.sql('select row_to_json(t)::text as row from realtime_tickets t');
    expect(JSON.stringify(rows)).not.toContain(ticket);
    await server.db.sql("update realtime_tickets set expires_at = now() - interval '1 second'");
    expect((await refusedHandshake(server.url, `/ws/products?ticket=${ticket}`)).status).toBe(401);
    await aTicket(seller); // sweeps the seller's dead ones
    const [left] = await server.db.sql<{ n: number }>(
      'select count(*)::int as n from realtime_tickets where expires_at < now()',
    );
    expect(left?.n).toBe(0);
  });

  test('is worth nothing once its session is revoked', async () => {
    const leaving = await aSeller(server);
    const [first, second] = [await aTicket(leaving), await aTicket(leaving)];
    (await openSocket(server.url, `/ws/products?ticket=${first}`)).close();
    expect((await leaving.call('POST', '/api/auth/logout', {})).ok).toBe(true);
    const answer = await refusedHandshake(server.url, `/ws/products?ticket=${second}`);
    expect([answer.status, answer.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('is given to sellers alone, and the socket ends when the token ends that it was got with', async () => {
    expect((await fetch(`${server.url}/api/realtime/ticket`, { method: 'POST' })).status).toBe(401);
    const ticket = await aTicket(seller);
    await server.db.sql("update realtime_tickets set token_expires_at = now() + interval '300 ms'");
    const socket = await openSocket(server.url, `/ws/products?ticket=${ticket}`);
    expect(await socket.closed).toEqual([4401, expect.stringMatching(/^token expired; last_event_id=\d+$/)]);
  });
});

test('what a client says is not listened to, and too much of it ends the socket', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/products`, ['bearer', seller.accessToken]);
  await new Promise((opened) => socket.addEventListener('open', opened));
  const closed = new Promise<CloseEvent>((end) => socket.addEventListener('close', end));
  socket.send('{"a":1}');
  socket.send('x'.repeat(5_000));
  expect((await closed).code).not.toBe(1000);
});

test('neither tokens nor tickets are in the log, and the sellers of sockets are', async () => {
  const ticket = await aTicket(seller);
  (await openSocket(server.url, `/ws/products?ticket=${ticket}`)).close();
  (await openSocket(server.url, '/ws/products', { token: seller.accessToken })).close();
  await fetch(`${server.url}/ws/products?ticket=${ticket}`);
  const text = lines.join('');
  expect([ticket, seller.accessToken, other.accessToken].map((secret) => text.includes(secret))).toEqual([
    false,
    false,
    false,
  ]);
  const opened = lines.filter((line) => line.includes('"route":"/ws/products"') && line.includes('"status":101'));
  expect(opened.some((line) => line.includes(seller.userId))).toBe(true);
});

test('open sockets and delivered events are counted', async () => {
  const socket = await openSocket(server.url, '/ws/products?last_event_id=0', { token: seller.accessToken });
  await untilMessages(socket, 1);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toMatch(/realtime_sockets\{door="websocket"\} [1-9]/);
  expect(text).toMatch(/events_delivered_total [1-9]/);
  expect(text).toMatch(/event_delivery_seconds_count [1-9]/);
  socket.close();
});
