import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/kernel/ids';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { rawPost } from '../support/raw-http';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { keysOnDisk, temporaryFolders, until } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';

// kill -9 in the middle of uploads, then a start on the same data: what was answered with 201 is whole, of the rest nothing
// is left, and repeating the request with its Idempotency-Key ends as one product.

let db: TestDatabase;
let dataDir: string;
let server: ServerProcess;
let seller: SellerClient;
let photos: Buffer[];
let body: Buffer;

// a schedule that does not come meanwhile: what is swept, the start sweeps
const start = () => startServerProcess({ DATABASE_URL: db.url, DATA_DIR: dataDir, SWEEP_CRON: '0 0 1 1 *' });

beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-killed-'));
  photos = await Promise.all([1, 2, 3].map((seed) => photo({ seed })));
  body = multipartBytes(productParts(PROMPT, photos));
  server = await start();
  seller = await aSeller(server);
}, 90_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Sends the body up to a place, says so, and never sends the rest. Null where no answer came. */
async function sendUpTo(place: number, key: string, whenSent: () => Promise<unknown>): Promise<string | null> {
  const headers = {
    ...seller.headers,
    'content-type': multipartType(),
    'content-length': String(body.length),
    'idempotency-key': key,
  };
  const send = async (write: (bytes: Uint8Array) => Promise<void>) => {
    await write(body.subarray(0, place));
    await whenSent();
  };
  const answer = await rawPost(server.port, { path: '/api/products', headers, send }).catch(() => null);
  return answer?.status === 201 ? (JSON.parse(answer.body) as { id: string }).id : null;
}

async function upload(key: string): Promise<string | null> {
  const response = await seller.upload(photos, { 'idempotency-key': key }).catch(() => null);
  return response?.status === 201 ? ((await response.json()) as { id: string }).id : null;
}

async function restart(): Promise<void> {
  // as if INTENT_TTL_SECONDS had passed since the death
  await db.sql("update intents set expires_at = now() where state = 'open'");
  server = await start();
  seller = seller.at(server);
}

const kill = () => server.end('SIGKILL');
const openIntents = () => db.sql("select 1 from intents where state <> 'tombstone'");

async function expectWhole(id: string): Promise<void> {
  const response = await seller.call('GET', `/api/products/${id}`);
  expect(response.status).toBe(200);
  const { images } = (await response.json()) as { images: { original_url: string }[] };
  const bytes = await Promise.all(images.map(async ({ original_url }) => (await fetch(original_url)).bytes()));
  expect(bytes.map(sha256OfBytes)).toEqual(photos.map(sha256OfBytes));
}

/** Every object is named by a row and every row has its object; no folder of a dead process is there. */
async function expectNothingLyingAbout(): Promise<void> {
  await until(async () => (await openIntents()).length === 0, 'the start has drained what the dead one left');
  const rows = await db.sql<{ url: string }>('select original_s3_url as url from product_images');
  const named = rows.map(({ url }) => url.replace('s3://intellipost-images/', ''));
  expect((await keysOnDisk(dataDir)).sort()).toEqual(named.sort());
  expect((await readdir(join(dataDir, 'tmp'))).filter((name) => /^staging-[^.]*$/.test(name))).toHaveLength(1);
  expect(await temporaryFolders(dataDir)).toEqual([]);
}

/** @param answered what each key's upload was answered with, if it was */
async function expectKept(answered: ReadonlyMap<string, string | null>): Promise<void> {
  for (const id of answered.values()) if (id !== null) await expectWhole(id);
  await expectNothingLyingAbout();
  for (const [key, id] of answered) {
    const again = await upload(key);
    expect(again).toEqual(id ?? expect.any(String));
    await expectWhole(again ?? '');
  }
  expect(await db.sql("select id::text from products except select answer->>'id' from idempotency_keys")).toEqual([]);
  const counts = await db.sql(
    'select (select count(*) from products) = (select count(*) from idempotency_keys) as same',
  );
  expect(counts).toEqual([{ same: true }]);
  await expectNothingLyingAbout();
}

describe('a server that is killed', () => {
  const stored = async () => (await keysOnDisk(dataDir)).length;
  const MOMENTS: [string, () => Promise<[string, string | null]>][] = [
    [
      'while the first photo is half sent',
      async () => {
        const key = newId();
        const received = () => until(async () => (await temporaryFolders(dataDir)).length > 1, 'it is received');
        return [key, await sendUpTo(100_000, key, () => received().then(kill))];
      },
    ],
    [
      'when two photos are stored and the third is half sent',
      async () => {
        const key = newId();
        const before = await stored();
        const twoStored = () => until(async () => (await stored()) === before + 2, 'two photos are stored');
        return [key, await sendUpTo(body.length - 50_000, key, () => twoStored().then(kill))];
      },
    ],
    [
      'at the moment when the last byte is sent',
      async () => {
        const key = newId();
        return [key, await sendUpTo(body.length, key, kill)];
      },
    ],
  ];

  test.each(MOMENTS)(
    '%s leaves nothing, and the request ends as one product when it is repeated',
    async (_moment, killed) => {
      const [key, id] = await killed();
      expect(await fetch(server.url).catch(() => 'dead')).toBe('dead');
      await restart();
      await expectKept(new Map([[key, id]]));
    },
    60_000,
  );

  test('at any moment of eight uploads keeps every one that was answered, three times over', async () => {
    let kept = 0;
    for (let round = 0; round < 3; round += 1) {
      const keys = Array.from({ length: 8 }, newId);
      const uploads = Promise.all(keys.map(async (key): Promise<[string, string | null]> => [key, await upload(key)]));
      await Bun.sleep(100 + Math.random() * 250);
      await kill();
      const answered = await uploads;
      kept += answered.filter(([, id]) => id !== null).length;
      await restart();
      await expectKept(new Map(answered));
    }
    console.log(`killed in the middle of 24 uploads, ${kept} of them answered`);
  }, 120_000);
});
