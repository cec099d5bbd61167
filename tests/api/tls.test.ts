import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { copyFile, mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/kernel/log';
import { handshake, type IssuedCertificate, type TestAuthority, testAuthority } from '../support/certificates';
import { silentLog } from '../support/log';
import { startTestServer, type TestServer, until } from '../support/server';
import { tlsConnection } from '../support/tls-connection';

const errors: string[] = [];
const log: Log = { ...silentLog, error: (_fields: unknown, says?: string) => void errors.push(String(says)) };
let folder: string;
let authority: TestAuthority;
let server: TestServer;
const files = () => ({ TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') });
const trusting = (init: RequestInit = {}): RequestInit => ({ ...init, tls: { ca: authority.ca } }) as RequestInit;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-tls-'));
  authority = await testAuthority();
  await install(await authority.issue('first'));
  server = await startTestServer({ ...files(), HSTS_MAX_AGE_SECONDS: '600' }, log);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function install({ certFile, keyFile }: IssuedCertificate): Promise<void> {
  await copyFile(certFile, files().TLS_CERT_FILE);
  await copyFile(keyFile, files().TLS_KEY_FILE);
}

async function shown(): Promise<string> {
  const connection = await tlsConnection(server.port, authority.ca);
  connection.close();
  return connection.commonName;
}

/** Handshakes, several at a time, until it is ended. */
function connectAgainAndAgain() {
  const names = new Set<string>();
  const failures: string[] = [];
  let going = true;
  const lanes = Array.from({ length: 8 }, async () => {
    while (going) {
      await shown().then(
        (name) => names.add(name),
        (error) => failures.push(String(error)),
      );
    }
  });
  return {
    names: () => names,
    async end() {
      going = false;
      await Promise.all(lanes);
      return failures;
    },
  };
}

const request = (line: string, more = '') => `${line} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

async function aToken(): Promise<string> {
  const body = JSON.stringify({ email: `${Bun.randomUUIDv7()}@example.com`, password: 'correct horse battery staple' });
  const init = trusting({ method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const registered = await fetch(`${server.url}/api/auth/register`, init);
  return ((await registered.json()) as { access_token: string }).access_token;
}

async function openSocket(token: string): Promise<{ socket: WebSocket; closed: () => boolean }> {
  const url = `${server.url.replace('https', 'wss')}/ws/products`;
  const options = { protocols: ['bearer', token], tls: { ca: authority.ca } } as unknown as string[];
  const socket = new WebSocket(url, options);
  let closed = false;
  socket.onclose = () => (closed = true);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error('no WebSocket'));
  });
  return { socket, closed: () => closed };
}

describe('a server with a certificate', () => {
  test('speaks TLS 1.3 and nothing older', async () => {
    expect(await handshake(server.port, 'tls1_3')).toEqual({ ok: true, protocol: 'TLSv1.3', commonName: 'first' });
    for (const version of ['tls1', 'tls1_1', 'tls1_2'] as const) {
      expect([version, (await handshake(server.port, version)).ok]).toEqual([version, false]);
    }
  });

  test('does not answer plain HTTP', async () => {
    expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow();
  });

  test('names itself by https, and says that browsers are to come so', async () => {
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const response = await fetch(`${server.url}/healthz`, trusting());
    expect([response.status, response.headers.get('strict-transport-security')]).toEqual([200, 'max-age=600']);
  });

  test('finds the path behind however short a name of its own', async () => {
    const connection = await tlsConnection(server.port, authority.ca);
    for (const host of ['a', 'ab', 'localhost']) {
      connection.send(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect([host, await connection.until('}')]).toEqual([host, expect.stringContaining('{"status":"ok"}')]);
    }
    connection.close();
  });

  test('opens WebSockets', async () => {
    const { socket } = await openSocket(await aToken());
    socket.close();
  });
});

test('TLS 1.2 is spoken where it is allowed, and nothing older', async () => {
  const lenient = await startTestServer({ ...files(), ALLOW_TLS_1_2: 'true' });
  expect((await handshake(lenient.port, 'tls1_2')).protocol).toBe('TLSv1.2');
  expect((await handshake(lenient.port, 'tls1_3')).protocol).toBe('TLSv1.3');
  expect((await handshake(lenient.port, 'tls1_1')).ok).toBe(false);
  await lenient.stop();
});

describe('a renewal', () => {
  test('that is half written, or of two that do not go together, leaves the former one, and is said once', async () => {
    const before = await shown();
    const next = await authority.issue('next');
    for (const spoil of [
      () => copyFile(next.certFile, files().TLS_CERT_FILE),
      () => truncate(files().TLS_CERT_FILE, 300),
      () => truncate(files().TLS_CERT_FILE, 0),
      () => rm(files().TLS_KEY_FILE),
    ]) {
      errors.length = 0;
      await spoil();
      await server.reloadCertificate();
      await server.reloadCertificate();
      expect(errors).toEqual(['the renewed certificate can’t be used; the one before is served']);
      expect(await shown()).toBe(before);
    }
  });

  test('is served to whoever comes, and ends nothing that is under way', async () => {
    const token = await aToken();
    const { socket, closed } = await openSocket(token);
    const slow = await tlsConnection(server.port, authority.ca);
    const kept = await tlsConnection(server.port, authority.ca);
    const body = JSON.stringify({ email: `${Bun.randomUUIDv7()}@example.com`, password: 'a long enough password' });
    const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    slow.send(request('POST /api/auth/register', headers) + body.slice(0, 20));
    kept.send(request('GET /healthz'));
    await kept.until('{"status":"ok"}');

    const others = connectAgainAndAgain();

    await install(await authority.issue('renewed'));
    await server.reloadCertificate();

    await until(async () => others.names().has('renewed'), 'the renewed certificate');
    expect(await others.end()).toEqual([]);
    expect(await Promise.all(Array.from({ length: 20 }, shown))).toEqual(Array.from({ length: 20 }, () => 'renewed'));
    slow.send(body.slice(20));
    expect(await slow.until('"request_id"').catch(() => slow.until('access_token'))).toContain('201 Created');
    kept.send(request('GET /healthz'));
    const again = await kept.until('{"status":"ok"}');
    expect([kept.commonName, again.toLowerCase()]).toEqual(['first', expect.stringContaining('connection: close')]);
    expect(closed()).toBe(false);
    socket.close();
    for (const connection of [slow, kept]) connection.close();
  });
});
