import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { CORPUS } from '../support/hostile/corpus';
import { DOORS, type DoorName } from '../support/hostile/doors';
import { answerAt, verdictAt } from '../support/hostile/expectations';
import type { HostileFile, Verdict } from '../support/hostile/hostile-file';
import { PAYLOAD } from '../support/hostile/polyglots';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { childrenOf, peakBytes } from '../support/process-memory';
import { aSeller, type SellerClient } from '../support/seller-client';
import { keysOnDisk, NOTHING, temporaryFolders, until } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';

// A server as a process, whose memory can be measured, on the disk store; its decoders are processes of their own.

const MiB = 2 ** 20;
const MOST_OF_THE_SERVER = 400 * MiB;
/** The largest picture that is allowed, whole in memory: 50 megapixels in four colours of 16 bits, and what it becomes. */
const MOST_OF_A_DECODER = 1200 * MiB;

let db: TestDatabase;
let dataDir: string;
let server: ServerProcess;
let seller: SellerClient;
const peaks = { decoder: 0 };

beforeAll(async () => {
  db = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'test-hostile-'));
  server = await startServerProcess({ DATABASE_URL: db.url, DATA_DIR: dataDir, PREPARE_CONCURRENCY: '1' });
  seller = await aSeller(server);
}, 90_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await db.drop();
  await rm(dataDir, { recursive: true, force: true });
});
afterEach(async () => {
  expect([server.ending(), server.output.stderr]).toEqual([null, '']);
  for (const pid of await childrenOf(server.pid)) peaks.decoder = Math.max(peaks.decoder, await peakBytes(pid));
});

async function leftovers() {
  const count = async (from: string) => (await db.sql<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n;
  return {
    products: await count('products'),
    images: await count('product_images'),
    idempotencyKeys: await count('idempotency_keys'),
    intents: await count("intents where state <> 'tombstone'"),
    objects: await keysOnDisk(dataDir),
    temporary: await temporaryFolders(dataDir),
  };
}

interface Product {
  readonly status: string;
  readonly images: readonly { readonly original_url: string; readonly thumb_url: string }[];
}

async function send(door: DoorName, file: HostileFile, bytes: Buffer): Promise<string | null> {
  const outcome = await DOORS[door](seller, file, bytes);
  expect({ door, ...outcome }).toMatchObject({ door, ...answerAt(door, file) });
  return outcome.is === 'taken' ? outcome.productId : null;
}

const DOOR_NAMES = Object.keys(DOORS) as DoorName[];
const entries = Object.entries(CORPUS).flatMap(([kind, files]) => files.map((file) => ({ ...file, kind })));
const refusedEverywhere = entries.filter((file) => DOOR_NAMES.every((door) => verdictAt(door, file) === null));
const taken = entries.filter((file) => !refusedEverywhere.includes(file));

const isEmpty = async () => Bun.deepEquals(await leftovers(), NOTHING);

describe('a file that is refused leaves no row, no object and no temporary file, whichever door it came to', () => {
  test.each(refusedEverywhere)('$kind: $what', async (file) => {
    const bytes = await file.bytes();
    await Promise.all(DOOR_NAMES.map((door) => send(door, file, bytes)));
    // what was aborted is deleted after the answer
    if (!(await isEmpty())) await until(isEmpty, 'nothing is left').catch(() => undefined);
    expect(await leftovers()).toEqual(NOTHING);
  });
});

describe('a file that is taken is decoded without harm, or its product fails with the reason', () => {
  test.each(taken)('$kind: $what', async (file) => {
    const bytes = await file.bytes();
    const judged = new Map<string, Verdict>();
    for (const door of DOOR_NAMES) {
      const id = await send(door, file, bytes);
      const verdict = verdictAt(door, file);
      if (id === null || verdict === null) continue;
      // the same bytes are decoded alike, whichever door they came to: once is enough
      if (judged.values().some((known) => String(known) === String(verdict))) await remove(id);
      else judged.set(id, verdict);
    }
    for (const [id, verdict] of judged) {
      await expectVerdict(id, verdict);
      await remove(id);
    }
  });

  test('and all that was kept of it goes with its product', async () => {
    await until(isEmpty, 'all is gone', 30_000).catch(() => undefined);
    expect(await leftovers()).toEqual(NOTHING);
  });
});

async function remove(id: string): Promise<void> {
  expect((await seller.call('DELETE', `/api/products/${id}`)).status).toBe(204);
}

async function expectVerdict(id: string, verdict: Verdict): Promise<void> {
  const product = await decoded(id);
  if (verdict === 'harmless') {
    expect(product.status).toBe('processing');
    await expectHarmless(id, product);
    return;
  }
  expect(product.status).toBe('failed');
  const { history } = (await (await seller.call('GET', `/api/products/${id}/history`)).json()) as {
    history: { reason: string }[];
  };
  expect(history.at(-1)?.reason).toMatch(/^Image 1 \(.+\) cannot be decoded: /);
  expect(history.at(-1)?.reason.split('decoded: ')[1]).toMatch(verdict);
}

async function decoded(id: string): Promise<Product> {
  for (;;) {
    const response = await seller.call('GET', `/api/products/${id}`);
    const product = (await response.json()) as Product;
    if (product.status !== 'uploading') return product;
    await Bun.sleep(15);
  }
}

/** The original is shown as nothing but an image, and the variants have nothing of it but its pixels. */
async function expectHarmless(id: string, { images }: Product): Promise<void> {
  const original = await fetch(images[0]?.original_url ?? '');
  expect(original.headers.get('content-type')).toMatch(/^image\/(jpeg|png)$/);
  expect(original.headers.get('x-content-type-options')).toBe('nosniff');
  expect(original.headers.get('content-security-policy')).toContain('sandbox');
  await original.body?.cancel();
  for (const key of await keysOnDisk(dataDir)) {
    expect(key).toMatch(
      /^products\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/(original\.(jpg|png)|model\.jpg|thumb\.webp)$/,
    );
  }
  const asked = await seller.call('POST', `/api/products/${id}/image-urls`, { variant: 'model' });
  const { urls } = (await asked.json()) as { urls: { url: string }[] };
  for (const url of [images[0]?.thumb_url ?? '', urls[0]?.url ?? '']) {
    const variant = Buffer.from(await (await fetch(url)).bytes());
    const metadata = await sharp(variant).metadata();
    expect([metadata.exif, metadata.icc, metadata.xmp, metadata.iptc, metadata.comments]).toEqual(
      Array(5).fill(undefined),
    );
    expect(variant.includes(PAYLOAD)).toBe(false);
  }
}

test.skipIf(process.platform !== 'linux')('all of it in bounded memory', async () => {
  const serverPeak = await peakBytes(server.pid);
  console.log(
    `hostile files: the server had ${Math.round(serverPeak / MiB)} MiB at most, a decoder ${Math.round(peaks.decoder / MiB)} MiB`,
  );
  expect(serverPeak).toBeLessThan(MOST_OF_THE_SERVER);
  expect(peaks.decoder).toBeGreaterThan(0);
  expect(peaks.decoder).toBeLessThan(MOST_OF_A_DECODER);
});
