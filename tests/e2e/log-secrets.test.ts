import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { photo } from '../support/photos';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { aSeller, PASSWORD, PROMPT, productForm, type SellerClient } from '../support/seller-client';
import { type ServerProcess, startServerProcess } from '../support/server-process';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

// A session with everything that can go right or wrong, on a server of production that logs all it can; then its output is read.

const DATABASE_PASSWORD = 'database-password-8c1f';
const JWT_SECRET = 'jwt-secret-of-this-test-0123456789abcdef';
const METRICS_TOKEN = 'metrics-token-51aa';

let db: TestDatabase;
let role: string;
let dataDir: string;
let proxy: TcpProxy;
let server: ServerProcess;
/** Every text that must not be in the output, by what it is. */
const secrets = new Map<string, string>([
  ['the password', PASSWORD],
  ['the database’s password', DATABASE_PASSWORD],
  ['the JWT secret', JWT_SECRET],
  ['the token of /metrics', METRICS_TOKEN],
  ['the prompt', PROMPT],
]);
/** x-request-id of every answer. */
const requestIds: string[] = [];

beforeAll(async () => {
  db = await testDatabase();
  role = `test_${Bun.randomUUIDv7().slice(-12)}`;
  await db.sql(`create role ${role} superuser login password '${DATABASE_PASSWORD}'`);
  proxy = await startTcpProxy(db.url);
  const url = new URL(db.url);
  Object.assign(url, { username: role, password: DATABASE_PASSWORD, host: `${proxy.host}:${proxy.port}` });
  dataDir = await mkdtemp(join(tmpdir(), 'test-logs-'));
  const allowed = {
    ALLOW_EMBEDDED: 'true',
    DISK_ENCRYPTED_AT_REST: 'true',
    ALLOW_PLAIN_HTTP: 'true',
    ALLOW_PLAIN_DATABASE: 'true',
  };
  server = await startServerProcess({
    NODE_ENV: 'production',
    LOG_LEVEL: 'trace',
    DATABASE_URL: url.href,
    DATA_DIR: dataDir,
    JWT_SECRET,
    METRICS_TOKEN,
    ...allowed,
  });
}, 60_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await proxy.stop();
  await db.sql(`drop role ${role}`);
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(server.url + path, init);
  requestIds.push(response.headers.get('x-request-id') ?? 'none');
  const text = await response.text();
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : {} };
}

function post(path: string, body: string | object, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return ask(path, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } });
}

async function accounts(seller: SellerClient): Promise<void> {
  const { email, refreshToken, headers } = seller;
  secrets.set('the first access token', seller.accessToken).set('the first refresh token', refreshToken);
  for (const credentials of [
    { email, password: PASSWORD },
    { email, password: 'a wrong password 77' },
    { email: 'nobody@example.com', password: PASSWORD },
    { email, password: PASSWORD, another: PASSWORD },
  ]) {
    await post('/api/auth/login', credentials);
    await post('/trpc/auth.login', credentials);
  }
  await post('/api/auth/login', `{"email":"${email}","password":"${PASSWORD}"`); // cut off
  await post('/api/auth/register', { email, password: PASSWORD }); // taken
  const refreshed = (await post('/api/auth/refresh', { refresh_token: refreshToken })).json;
  secrets.set('the second access token', String(refreshed.access_token));
  secrets.set('the second refresh token', String(refreshed.refresh_token));
  await post('/api/auth/refresh', { refresh_token: refreshToken }); // spent: revokes the family
  secrets.set('a new password', 'another horse battery staple');
  const passwords = { current_password: PASSWORD, new_password: 'another horse battery staple' };
  await post('/api/users/me/password', passwords, headers);
  await ask(`/api/users/me?access_token=${seller.accessToken}&token=${seller.accessToken}`);
  await ask('/api/users/me', { headers: { authorization: `bearer ${seller.accessToken}x` } });
  await ask('/metrics', { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  await ask('/ws/products', { headers: { 'sec-websocket-protocol': `bearer, ${seller.accessToken}` } });
}

async function products(seller: SellerClient): Promise<void> {
  const picture = await photo();
  const { id } = (await (await seller.upload([picture], { 'idempotency-key': 'logs' })).json()) as { id: string };
  await seller.trpc().products.create.mutate(productForm([picture]));
  await seller.upload([Buffer.from('no photo')]);
  await seller
    .trpc()
    .products.create.mutate(productForm([Buffer.from('no photo')]))
    .catch(() => undefined);
  await ask(`/api/products/${id}`, {
    method: 'PATCH',
    body: JSON.stringify({ prompt_text: PROMPT, another: PROMPT }),
    headers: { ...seller.headers, 'content-type': 'application/json' },
  });
  const product = (await ask(`/api/products/${id}`, { headers: seller.headers })).json;
  const [{ original_url: url }] = product.images as [{ original_url: string }];
  secrets.set('the signature of a URL', new URL(url).searchParams.get('signature') ?? '');
  await fetch(url);
  await fetch(`${url}x`);
  await fetch(url, { method: 'PUT', body: 'x' });
  await fetch(url.replace('/files/', '/filez/'));
}

/** The statements that fail carry the seller's words as parameters. */
async function outage(seller: SellerClient): Promise<void> {
  await proxy.set({ kind: 'reset' });
  await seller.upload([await photo()]);
  await post('/api/auth/login', { email: seller.email, password: PASSWORD });
  await seller.call('PATCH', `/api/products/${Bun.randomUUIDv7()}`, { prompt_text: PROMPT });
  await proxy.set({ kind: 'pass' });
  await db.sql('alter table products add constraint refused check (false) not valid'); // an error of ours, with its row
  expect((await seller.upload([await photo()])).status).toBe(500);
  await db.sql('alter table products drop constraint refused');
}

test('a whole session leaves no token, password, prompt or signature in the output, and a line of JSON for each request', async () => {
  const seller = await aSeller(server);
  await accounts(seller);
  await products(seller);
  await outage(seller);
  await server.end('SIGTERM');

  const { stdout, stderr } = server.output;
  const lines = stdout.split('\n').filter((line) => line !== '');
  const requests = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => `${msg}`.startsWith('request'));
  expect(stderr).toBe('');
  expect(requests.length).toBeGreaterThan(30);
  const logged = new Set(requests.map(({ request_id }) => request_id));
  expect(requestIds.filter((id) => !logged.has(id))).toEqual([]);
  // what the test sends must have been seen at all: failures are told with their stack, sellers by their id
  expect(requests.filter(({ status }) => status === 500)).toHaveLength(1);
  expect(requests.filter(({ status }) => status === 503).length).toBeGreaterThan(1);
  expect(requests.some(({ user_id }) => user_id === seller.userId)).toBe(true);
  for (const [what, secret] of secrets) {
    expect(secret.length).toBeGreaterThan(10);
    expect(stdout.includes(secret) ? `${what} is in: ${lines.find((line) => line.includes(secret))}` : 'clean').toBe(
      'clean',
    );
  }
}, 60_000);
