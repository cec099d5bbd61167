import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createLog } from '../../src/platform/telemetry/log';
import { aSeller, PASSWORD, type SellerClient, seen } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

const PATH = '/api/credentials/mercadolibre';
const ACCOUNT = {
  access_token: 'APP_USR-7101-access-of-these-tests',
  refresh_token: 'TG-7101-refresh-of-these-tests',
  expires_at: '2027-01-02T03:04:05.678Z',
  ml_user_id: '468424240',
};
const NOT_CONNECTED = { connected: false, ml_user_id: null, expires_at: null };
const CONNECTED = { connected: true, ml_user_id: ACCOUNT.ml_user_id, expires_at: ACCOUNT.expires_at };

let server: TestServer;
let seller: SellerClient;
const logged: string[] = [];

beforeAll(async () => {
  server = await startTestServer({}, createLog('trace', { write: (line) => logged.push(line) }));
  seller = await aSeller(server);
}, 60_000);
afterAll(() => server.stop());

async function connection(of = seller): Promise<unknown> {
  return await (await of.call('GET', PATH)).json();
}

describe('a seller', () => {
  test('connects an account by REST, reads that it is connected, and never a token', async () => {
    expect(await connection()).toEqual(NOT_CONNECTED);
    const put = await seller.call('PUT', PATH, ACCOUNT);
    expect([put.status, await put.text()]).toEqual([204, '']);
    const answer = await seller.call('GET', PATH);
    const text = await answer.text();
    expect(JSON.parse(text)).toEqual(CONNECTED);
    expect(text).not.toContain('of-these-tests');
  });

  test('does the same by tRPC', async () => {
    const mine = (await aSeller(server)).trpc().credentials.mercadolibre;
    expect(await mine.get.query()).toEqual(NOT_CONNECTED);
    await mine.put.mutate(ACCOUNT);
    expect(await mine.get.query()).toEqual(CONNECTED);
    await mine.delete.mutate();
    expect(await mine.get.query()).toEqual(NOT_CONNECTED);
  });

  test('connects another in its place, with the number that MercadoLibre answers', async () => {
    expect((await seller.call('PUT', PATH, { ...ACCOUNT, ml_user_id: 99 })).status).toBe(204);
    expect(await connection()).toEqual({ ...CONNECTED, ml_user_id: '99' });
  });

  test('disconnects it, once and once more, and has none of another seller', async () => {
    const other = await aSeller(server);
    await other.call('PUT', PATH, ACCOUNT);
    expect((await seller.call('DELETE', PATH)).status).toBe(204);
    expect((await seller.call('DELETE', PATH)).status).toBe(204);
    expect(await connection()).toEqual(NOT_CONNECTED);
    expect(await connection(other)).toEqual(CONNECTED);
  });

  test('who is gone connects nothing, and takes what was connected along', async () => {
    const leaving = await aSeller(server);
    await leaving.call('PUT', PATH, ACCOUNT);
    const rows = () => server.db.sql('select 1 from seller_credentials where user_id = $1', [leaving.userId]);
    expect(await rows()).toHaveLength(1);
    await server.db.sql('delete from users where id = $1', [leaving.userId]);
    expect(await rows()).toEqual([]);
    expect(await seen(await leaving.call('PUT', PATH, ACCOUNT))).toEqual([401, 'UNAUTHENTICATED']);
  });

  test.each([
    ['no access token', { access_token: undefined }],
    ['an empty refresh token', { refresh_token: '' }],
    ['a token with a line break', { access_token: 'a\nb' }],
    ['a token that is too long', { access_token: 'a'.repeat(4097) }],
    ['a time that is none', { expires_at: 'tomorrow' }],
    ['no account', { ml_user_id: ' ' }],
    ['an unknown field', { scope: 'write' }],
  ])('with %s is refused, with the field and without its value', async (_, change) => {
    const one = await aSeller(server);
    const answer = await one.call('PUT', PATH, { ...ACCOUNT, ...change });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).error.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(text).not.toContain('of-these-tests');
    expect(await connection(one)).toEqual(NOT_CONNECTED);
  });
});

describe('nobody but a seller', () => {
  const CALLS = [
    ['PUT', 'put'],
    ['GET', 'get'],
    ['DELETE', 'delete'],
  ] as const;

  async function statuses(headers: Record<string, string>): Promise<unknown[]> {
    const json = { ...headers, 'content-type': 'application/json' };
    return await Promise.all(
      CALLS.flatMap(([method, procedure]) => {
        const isQuery = procedure === 'get';
        const body = method === 'PUT' ? JSON.stringify(ACCOUNT) : null;
        return [
          fetch(server.url + PATH, { method, headers: json, body }).then(seen),
          fetch(`${server.url}/trpc/credentials.mercadolibre.${procedure}`, {
            method: isQuery ? 'GET' : 'POST',
            headers: json,
            body: isQuery ? null : body,
          }).then(seen),
        ];
      }),
    );
  }

  test('without a token is let in: 401 on each door', async () => {
    expect(await statuses({})).toEqual(Array(6).fill([401, 'UNAUTHENTICATED']));
  });

  test.each(['worker', 'admin'] as const)('a %s is let in: 403 on each door', async (role) => {
    const token = await server.container.identity.operator.issueToken({ role });
    expect(await statuses({ authorization: `Bearer ${token}` })).toEqual(Array(6).fill([403, 'FORBIDDEN']));
  });
});

test('what cannot be opened is an error of ours to its seller, who mends it by connecting again', async () => {
  const one = await aSeller(server);
  await one.call('PUT', PATH, ACCOUNT);
  await server.db.sql("update seller_credentials set key_id = 'ffffffffffffffff' where user_id = $1", [one.userId]);
  expect(await seen(await one.call('GET', PATH))).toEqual([500, 'INTERNAL']);
  expect(logged.join('')).toContain('"reason":"unknown_key"');
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
    /credentials_unreadable_total\{reason="unknown_key"\} 1/,
  );
  expect((await one.call('PUT', PATH, ACCOUNT)).status).toBe(204);
  expect(await connection(one)).toEqual(CONNECTED);
});

test('neither the database nor the log ever holds a token as it is', async () => {
  expect((await seller.call('PUT', PATH, ACCOUNT)).status).toBe(204);
  await seller.call('PUT', PATH, { ...ACCOUNT, expires_at: 'tomorrow' });
  const [row] = await server.db.sql<{ all: string }>(
    "select string_agg(encode(sealed, 'escape') || encode(wrapped_key, 'escape') || key_id, '') as all from seller_credentials",
  );
  const output = logged.join('');
  expect(output).toContain('request');
  for (const secret of [ACCOUNT.access_token, ACCOUNT.refresh_token, PASSWORD]) {
    expect(row?.all).not.toContain(secret);
    expect(output).not.toContain(secret);
  }
});
