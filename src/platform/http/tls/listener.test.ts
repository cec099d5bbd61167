import { afterAll, beforeAll, expect, spyOn, test } from 'bun:test';
import fs from 'node:fs';
import { Elysia } from 'elysia';
import { type TestAuthority, testAuthority } from '../../../../tests/support/certificates';
import { until } from '../../../../tests/support/server';
import { type TlsConnection, tlsConnection } from '../../../../tests/support/tls-connection';
import { readCertificate } from './certificate';
import { Listener } from './listener';

const GET = 'GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n';
let authority: TestAuthority;
beforeAll(async () => {
  authority = await testAuthority();
});

/** What a slow request waits for. */
const slow = Promise.withResolvers<string>();
const listeners: Listener[] = [];
afterAll(() => Promise.all(listeners.map((listener) => listener.stop(true))));

async function listening(retireMs: number, port = 0): Promise<Listener> {
  const app = new Elysia().get('/ok', () => 'ok').get('/slow', () => slow.promise);
  const tls = { certificate: await certificate('one'), allowTls12: false };
  const listener = new Listener({ app, hostname: '127.0.0.1', port, tls, retireMs });
  listeners.push(listener);
  return listener;
}

const certificate = async (name: string) => readCertificate(await authority.issue(name));

async function used(listener: Listener): Promise<TlsConnection> {
  const connection = await tlsConnection(listener.port, authority.ca);
  connection.send(GET);
  await connection.until('ok');
  return connection;
}

test('a server whose certificate was replaced goes when its time is over, and one after the other may follow', async () => {
  const listener = await listening(100);
  for (const name of ['two', 'three', 'four']) {
    const idle = await used(listener);
    await listener.replace(await certificate(name));
    const fresh = await used(listener);
    expect(fresh.commonName).toBe(name);
    await until(idle.closed, 'the end of an idle connection to the former server');
    expect(fresh.closed()).toBe(false);
    fresh.close();
  }
});

test('a stop ends the former server with the present one, when what is under way has been answered', async () => {
  const listener = await listening(60_000);
  const former = await used(listener);
  former.send(GET.replace('/ok', '/slow'));
  await until(() => listener.pendingRequests === 1, 'a request under way');
  await listener.replace(await certificate('two'));
  expect(listener.pendingRequests).toBe(1);
  const stopped = listener.stop();
  slow.resolve('slow');
  expect(await former.until('slow')).toContain('200 OK');
  await stopped;
  await listener.replace(await certificate('three'));
  expect(tlsConnection(listener.port, authority.ca)).rejects.toThrow();
});

test('the port of a server with TLS is not shared with a second process', async () => {
  const { port } = await listening(0);
  expect(listening(0, port)).rejects.toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
});

test('a renewed certificate is served, and the server before goes, also where the kernel can’t tell who listens', async () => {
  const read = spyOn(fs, 'readFileSync').mockImplementation(() => {
    throw Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' });
  });
  const listener = await listening(50);
  const idle = await used(listener);
  await listener.replace(await certificate('two'));
  read.mockRestore();
  await until(idle.closed, 'the end of an idle connection to the former server');
  expect((await used(listener)).commonName).toBe('two');
});
