import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { z } from 'zod';
import type { AppRouter } from '../../src/container';
import { isAuthProcedure } from '../../src/platform/http/call-limits';
import { proceduresOf } from '../../src/platform/http/procedure-routes';
import { exchange } from '../support/raw-exchange';
import { aSeller, PASSWORD, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

const AUTH = 12;
const PROXY = { TRUSTED_PROXIES: '127.0.0.1' };
/** Another client with each call, as a trusted proxy reports it. */
let clients = 0;
const fromNobodyElse = () => ({ 'x-forwarded-for': `203.0.113.${++clients}` });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    ...PROXY,
    RATE_LIMIT_ADDRESS: '30',
    RATE_LIMIT_USER: '20',
    RATE_LIMIT_AUTH: String(AUTH),
    // the wait of who fails at one account is another matter (tests/integration/login-failures.test.ts)
    LOGIN_FREE_FAILURES: '1000',
    LOGIN_ACCOUNT_FAILURES: '1000',
  });
}, 60_000);
afterAll(() => server.stop());

const wrongLogin = (headers: Record<string, string>) =>
  fetch(`${server.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email: 'nobody@example.com', password: PASSWORD }),
  });
const retryAfter = (response: Response) => Number(response.headers.get('retry-after'));
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;
const own = new Map<SellerClient, Record<string, string>>();
async function seller(): Promise<SellerClient> {
  const client = await aSeller(server);
  own.set(client, fromNobodyElse());
  return client;
}
const get = (by: SellerClient, path: string) =>
  fetch(server.url + path, { headers: { ...by.headers, ...own.get(by) } });

describe('logins', () => {
  test('of one address are refused by both doors when there were too many, and those of others are not', async () => {
    const mine = fromNobodyElse();
    const answers: number[] = [];
    for (let attempt = 0; attempt < AUTH; attempt += 1) answers.push((await wrongLogin(mine)).status);
    expect(new Set(answers)).toEqual(new Set([401]));
    const refused = await wrongLogin(mine);
    expect(refused.status).toBe(429);
    expect(retryAfter(refused)).toBeWithin(1, 61);
    expect(refused.headers.get('ratelimit-policy')).toBe(`"address";q=30;w=60, "auth";q=${AUTH};w=60`);
    expect(refused.headers.get('ratelimit')).toMatch(/^"address";r=17;t=\d+, "auth";r=0;t=\d+$/);
    expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED', details: { policy: 'auth' } } });
    const overTrpc = await fetch(`${server.url}/trpc/auth.refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...mine },
      body: JSON.stringify({ refresh_token: 'x' }),
    });
    expect([overTrpc.status, retryAfter(overTrpc) > 0]).toEqual([429, true]);
    expect(await overTrpc.json()).toMatchObject({ error: { data: { code: 'RATE_LIMITED' } } });
    expect((await wrongLogin(fromNobodyElse())).status).toBe(401);
  });

  test('in one batch count each', async () => {
    const client = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: `${server.url}/trpc`, headers: fromNobodyElse() })],
    });
    const answers = await Promise.all(
      Array.from({ length: AUTH + 3 }, () =>
        client.auth.login.mutate({ email: 'nobody@example.com', password: PASSWORD }).catch((error) => error.data.code),
      ),
    );
    expect(answers.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(AUTH);
    expect(answers.filter((code) => code === 'RATE_LIMITED')).toHaveLength(3);
  });

  test('and whatever else takes a password or a refresh token are limited as such', () => {
    const secrets = /password|refresh_token/;
    const ofMercadoLibre = /^credentials\.|^work\.refreshCredentials$/; // behind an access token of ours
    for (const [name, procedure] of Object.entries(proceduresOf(server.container.router))) {
      const { inputs = [] } = procedure._def as { inputs?: unknown[] };
      const takes = inputs.some((input) =>
        secrets.test(JSON.stringify(z.toJSONSchema(input as z.ZodType, { unrepresentable: 'any', io: 'input' }))),
      );
      if (takes && !ofMercadoLibre.test(name)) expect([name, isAuthProcedure(name)]).toEqual([name, true]);
    }
  });
});

describe('one address', () => {
  test('hears that a batch counts each of its calls however its commas are written', async () => {
    const headers = fromNobodyElse();
    const batch = await fetch(`${server.url}/trpc/users.me%2Cusers.me%2cusers.me?batch=1&input={}`, { headers });
    expect(batch.headers.get('ratelimit')).toMatch(/^"address";r=27;t=\d+$/);
  });

  test('may send so many requests, of a batch each call, and hears by every door how many are left', async () => {
    const mine = fromNobodyElse();
    const ask = (path: string) => fetch(server.url + path, { headers: mine });
    const batch = await ask(`/trpc/${Array<string>(20).fill('users.me').join(',')}?batch=1&input={}`);
    expect(batch.headers.get('ratelimit')).toMatch(/^"address";r=10;t=\d+$/);
    await batch.text();
    for (const path of ['/files/x', '/ws/products', '/openapi.json', '/api/nothing', '/docs'])
      await (await ask(path)).text();
    expect((await ask('/api/users/me')).headers.get('ratelimit')).toMatch(/^"address";r=4;/);
    for (let more = 0; more < 4; more += 1) await ask('/nothing');
    for (const path of ['/api/users/me', '/files/x', '/ws/products', '/readyz', '/metrics', '/nothing']) {
      const refused = await ask(path);
      expect([path, refused.status, retryAfter(refused) > 0]).toEqual([path, 429, true]);
      expect(await codeOf(refused)).toBe('RATE_LIMITED');
    }
    const trpc = await ask('/trpc/users.me,users.me?batch=1&input={}');
    expect([trpc.status, retryAfter(trpc) > 0]).toEqual([429, true]);
    expect(await trpc.text()).toContain('"code":"RATE_LIMITED"');
    expect((await ask('/healthz')).status).toBe(200);
    expect((await fetch(`${server.url}/api/users/me`, { headers: fromNobodyElse() })).status).toBe(401);
  });

  test('cannot become another by what it writes into X-Forwarded-For itself', async () => {
    const direct = await startTestServer({ RATE_LIMIT_ADDRESS: '5' });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      statuses.push((await fetch(`${direct.url}/nothing`, { headers: fromNobodyElse() })).status);
    }
    await direct.stop();
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429, 429]);
  });

  test('is still asked for what an upgrade needs: a socket is refused before it is one', async () => {
    const mine = fromNobodyElse();
    for (let spent = 0; spent < 30; spent += 1) await fetch(`${server.url}/nothing`, { headers: mine });
    const { status, body } = await exchange(server.url, {
      method: 'GET',
      target: '/ws/products',
      headers: {
        ...mine,
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    expect([status, body.includes('RATE_LIMITED')]).toEqual([429, true]);
  });
});

describe('one account', () => {
  test('may make so many calls, from wherever, sockets and tickets among them', async () => {
    const mine = await seller();
    const other = await seller();
    for (let call = 0; call < 20; call += 1) {
      const headers = { ...mine.headers, ...fromNobodyElse() };
      const url = `${server.url}${call % 2 ? '/api/users/me' : '/trpc/users.me'}`;
      expect((await fetch(url, { headers })).headers.get('ratelimit')).toContain(`"user";r=${19 - call};`);
    }
    const refused = await get(mine, '/api/users/me');
    expect([refused.status, await codeOf(refused)]).toEqual([429, 'RATE_LIMITED']);
    expect((await get(mine, '/ws/products')).status).toBe(429);
    const ticket = await fetch(`${server.url}/api/realtime/ticket`, {
      method: 'POST',
      headers: { ...mine.headers, ...fromNobodyElse() },
    });
    expect(ticket.status).toBe(429);
    expect((await get(other, '/api/users/me')).status).toBe(200);
  });

  test('may not try passwords from many addresses', async () => {
    const mine = await seller();
    const change = () =>
      fetch(`${server.url}/api/users/me/password`, {
        method: 'POST',
        headers: { ...mine.headers, ...fromNobodyElse(), 'content-type': 'application/json' },
        body: JSON.stringify({ current_password: 'not this one', new_password: `${PASSWORD} 2` }),
      }).then(({ status }) => status);
    const answers: number[] = [];
    for (let attempt = 0; attempt < AUTH + 2; attempt += 1) answers.push(await change());
    expect(answers.slice(-2)).toEqual([429, 429]);
    expect(answers.slice(0, AUTH)).not.toContain(429);
  });
});

test('refusals are counted', async () => {
  const text = await (await fetch(`${server.url}/metrics`, { headers: fromNobodyElse() })).text();
  for (const why of ['address', 'user', 'auth']) expect(text).toContain(`admission_refusals_total{why="${why}"}`);
});
