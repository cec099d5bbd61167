import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { rawPost } from '../support/raw-http';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { temporaryFolders, until } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';

// As `bun start` runs it: nothing configured, PostgreSQL, the objects and the secret in the data folder. One story, in order.

let dataDir: string;
let server: ServerProcess;
let seller: SellerClient;
let picture: Buffer;
let postgres: number | null;
const products: string[] = [];

const start = () => startServerProcess({ DATA_DIR: dataDir });
/** Null when PostgreSQL is stopped: it removes the file as the last thing it does. */
async function postmaster(): Promise<number | null> {
  const pidFile = await readFile(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').catch(() => null);
  return pidFile === null ? null : Number(pidFile.split('\n')[0]);
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'test-embedded-'));
  await chmod(dataDir, 0o755); // PostgreSQL's own user has to get in, where these tests run as root
  picture = await photo();
  server = await start();
  seller = await aSeller(server);
  postgres = await postmaster();
}, 90_000);
afterAll(async () => {
  await server.end('SIGTERM');
  const left = await postmaster();
  if (left !== null) process.kill(left, 'SIGQUIT');
  await rm(dataDir, { recursive: true, force: true });
}, 30_000);

async function expectAllThere(): Promise<void> {
  const list = (await (await seller.call('GET', '/api/products')).json()) as { products: { id: string }[] };
  expect(list.products.map(({ id }) => id).sort()).toEqual([...products].sort());
  for (const { id } of list.products) {
    const product = (await (await seller.call('GET', `/api/products/${id}`)).json()) as {
      images: { original_url: string }[];
    };
    const bytes = await (await fetch(product.images[0]?.original_url ?? '')).bytes();
    expect(sha256OfBytes(bytes)).toBe(sha256OfBytes(picture));
  }
}

test('an upload is kept when the server is killed; its PostgreSQL runs on, and the next start takes it over', async () => {
  const created = await seller.upload([picture]);
  expect(created.status).toBe(201);
  products.push(((await created.json()) as { id: string }).id);
  await server.end('SIGKILL');
  expect(postgres).toBeNumber();
  server = await start();
  expect(await postmaster()).toBe(postgres);
  seller = seller.at(server); // the token is still good: the secret is kept
  await expectAllThere();
}, 60_000);

test('Ctrl-C during an upload lets it finish with 201, lets nobody in, and ends with code 0 and PostgreSQL stopped', async () => {
  const body = multipartBytes(productParts(PROMPT, [picture]));
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  const answer = rawPost(server.port, {
    path: '/api/products',
    headers: { ...seller.headers, 'content-type': multipartType(), 'content-length': String(body.length) },
    async send(write) {
      await write(body.subarray(0, 100_000));
      await interrupted;
      await write(body.subarray(100_000));
    },
  });
  await until(async () => (await temporaryFolders(dataDir)).length > 1, 'the photo is being received');
  const ended = server.end('SIGINT');
  const refused = () =>
    fetch(`${server.url}/healthz`).then(
      () => false,
      () => true,
    );
  await until(refused, 'new connections are refused');
  expect(server.output.stdout).not.toContain('stopped');
  interrupt();
  const created = await answer;
  expect(created.status).toBe(201);
  products.push((JSON.parse(created.body) as { id: string }).id);
  expect(await ended).toBe(0);
  expect(server.output.stdout).toContain('"requests_cut_off":0');
  expect(await postmaster()).toBeNull();
  expect(await temporaryFolders(dataDir)).toEqual([]);
}, 60_000);

test('the second start finds the data again', async () => {
  server = await start();
  seller = seller.at(server);
  await expectAllThere();
  expect(products).toHaveLength(2);
  expect(await server.end('SIGTERM')).toBe(0);
}, 60_000);
