import { afterAll, describe, expect, test } from 'bun:test';
import { clientAddresses } from '../../src/platform/http/client-address';
import { type Doors, SELLER, SELLER_ID, startDoors, UNLIMITED, WORKER } from '../support/doors';

const doors: Doors = startDoors();
afterAll(() => doors.stop());

async function json(path: string, init?: RequestInit): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await doors.fetch(path, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

function _post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', body: text, headers: { ...SELLER, 'content-type': 'application/json', ...headers } };
}

const codeOf = (seen: { body: unknown }) => (seen.body as { error: { code: string } }).error.code;

describe('who calls', () => {
  test('a protected procedure without a valid token hears 401 and how to authenticate', async () => {
    for (const authorization of [undefined, 'Bearer nonsense', 'Basic abc', 'Bearer', 'Bearer a b', 'seller-token']) {
      const seen = await json('/api/whoami', authorization === undefined ? {} : { headers: { authorization } });
      expect([seen.status, codeOf(seen)]).toEqual([401, 'UNAUTHENTICATED']);
      expect(seen.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test('a public procedure takes no notice of a bad token', async () => {
    expect((await json('/api/things', { headers: { authorization: 'Bearer nonsense' } })).status).toBe(200);
  });

  test('the scheme may be written in any case', async () => {
    expect((await json('/api/whoami', { headers: { authorization: 'bearer seller-token' } })).status).toBe(200);
  });

  test('another role hears 403', async () => {
    const seen = await json(`/api/things/${SELLER_ID}`, { headers: WORKER });
    expect([seen.status, codeOf(seen)]).toEqual([403, 'FORBIDDEN']);
  });

  test('is seen by the address of the connection, whatever it says itself', async () => {
    const seen = await json('/api/whoami', { headers: { ...SELLER, 'x-forwarded-for': '9.9.9.9' } });
    expect(seen.body).toMatchObject({ ip: '127.0.0.1' });
  });

  test('is seen by what a trusted proxy has added last', async () => {
    const behind = startDoors({ admission: { ...UNLIMITED, clientAddress: clientAddresses(['127.0.0.1']) } });
    const ask = (headers: Record<string, string>) =>
      behind.fetch('/api/whoami', { headers: { ...SELLER, ...headers } }).then((response) => response.json());
    expect(await ask({ 'x-forwarded-for': '9.9.9.9, ::ffff:8.8.8.8' })).toMatchObject({ ip: '8.8.8.8' });
    expect(await ask({})).toMatchObject({ ip: '127.0.0.1' });
    await behind.stop();
  });

  test('hears 503 when tokens cannot be checked', async () => {
    const authenticate = async () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    };
    const down = startDoors({ authenticate });
    const seen = await down.fetch('/api/whoami', { headers: SELLER });
    expect(seen.status).toBe(503);
    const overTrpc = await down.fetch('/trpc/things.whoami', { headers: SELLER });
    expect([overTrpc.status, overTrpc.headers.get('retry-after')]).toEqual([503, '5']);
    await down.stop();
  });
});
