import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { unlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, UploadFailed, type UploadProgress } from '../../src/client';
import { photo } from '../support/photos';
import { type RecordingGateway, startGateway } from '../support/recording-gateway';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

let server: TestServer;
let gateway: RecordingGateway;
let seller: SellerClient;
let bytes: Uint8Array<ArrayBuffer>;
let folder: string;
let client: ReturnType<typeof createClient>;
let putsBefore = 0;

beforeAll(async () => {
  gateway = startGateway(() => `http://127.0.0.1:${server.port}`);
  server = await startTestServer({ PUBLIC_URL: gateway.url });
  const url = `http://127.0.0.1:${server.port}`;
  seller = await aSeller({ url });
  client = createClient({ url, token: seller.accessToken, retry: { firstMs: 20, maxMs: 100, silenceMs: 5_000 } });
  bytes = new Uint8Array(await photo({ seed: 93 }));
  folder = await mkdtemp(join(tmpdir(), 'test-final-faults-'));
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
  await rm(folder, { recursive: true });
});
afterEach(() => {
  putsBefore = gateway.puts.length;
});

const puts = () => gateway.puts.slice(putsBefore);
const openUploads = () => server.db.sql('select product_id from direct_uploads');
const otherBytes = () => bytes.map((byte, at) => (at === bytes.length - 3 ? byte ^ 1 : byte));
/** Once, when the file has been announced and nothing of it has been sent. */
const whenAnnounced = (act: () => void) => {
  let acted = false;
  return ({ phase }: UploadProgress) => {
    if (phase !== 'uploading' || acted) return;
    acted = true;
    act();
  };
};

describe('a file that, while it is being uploaded,', () => {
  test.each([
    ['is changed', (path: string) => writeFileSync(path, otherBytes())],
    ['loses its end', (path: string) => writeFileSync(path, bytes.slice(0, 200_000))],
    ['is deleted', (path: string) => unlinkSync(path)],
  ])('%s is not sent again and again', async (words, act) => {
    const path = join(folder, `${words}.jpg`);
    await Bun.write(path, bytes);
    const onProgress = whenAnnounced(() => act(path));
    const failure = await client.uploadProduct([Bun.file(path)], PROMPT, { onProgress }).catch((error) => error);
    expect(failure).toBeInstanceOf(UploadFailed);
    expect(failure.problems).toMatchObject([{ index: 0, problem: 'FILE_CHANGED' }]);
    expect(failure.isFinal).toBe(true);
    expect(puts().length).toBeLessThan(2);
    expect(await openUploads()).toEqual([]);
  });

  test('is changed leaves the key of its caller free for what it is now', async () => {
    const path = join(folder, 'edited.jpg');
    await Bun.write(path, bytes);
    const idempotencyKey = crypto.randomUUID();
    const onProgress = whenAnnounced(() => writeFileSync(path, otherBytes()));
    const first = client.uploadProduct([Bun.file(path)], PROMPT, { onProgress, idempotencyKey });
    await expect(first).rejects.toBeInstanceOf(UploadFailed);
    const edited = new Blob([new Uint8Array(await photo({ seed: 94 }))]);
    const product = await client.uploadProduct([edited], PROMPT, { idempotencyKey });
    expect(product.image_count).toBe(1);
  });
});

describe('a file whose PUT is answered', () => {
  test.each([411, 413, 415])('%d is not sent again: it would be answered the same', async (status) => {
    gateway.answerNextPut(new Response('no', { status }));
    const failure = await client.uploadProduct([new Blob([bytes])], PROMPT).catch((error) => error);
    expect(failure.problems).toMatchObject([{ problem: 'NOT_SENT', message: `the store answered ${status}` }]);
    expect(puts().map((put) => put.status)).toEqual([status]);
    expect(await openUploads()).toEqual([]);
  });

  test('400 is sent again where it is what was announced: S3 says so of a line that was too slow', async () => {
    gateway.answerNextPut(new Response('<Error><Code>RequestTimeout</Code></Error>', { status: 400 }));
    expect((await client.uploadProduct([new Blob([bytes])], PROMPT)).image_count).toBe(1);
    expect(puts().map((put) => put.status)).toEqual([400, 200]);
  });
});

test.each([
  ['hashing', ({ phase }: UploadProgress) => phase === 'hashing'],
  ['uploading', ({ sentBytes }: UploadProgress) => sentBytes > 150_000],
  ['completing', ({ phase }: UploadProgress) => phase === 'completing'],
])('what onProgress throws (%s) ends the upload with itself', async (_phase, isWrong) => {
  const reason = new Error('a mistake of the app');
  const onProgress = (progress: UploadProgress) => {
    if (isWrong(progress)) throw reason;
  };
  expect(await client.uploadProduct([new Blob([bytes])], PROMPT, { onProgress }).catch((error) => error)).toBe(reason);
  expect(puts().length).toBeLessThan(2);
  expect(await openUploads()).toEqual([]);
});
