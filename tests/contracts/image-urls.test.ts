import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Clock } from '../../src/kernel/clock';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { ObjectStore } from '../../src/modules/storage/domain/object-store';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { signedImageUrls } from '../../src/signed-image-urls';
import { s3Server } from '../support/s3-servers';
import { diskHarness } from './disk-harness';
import { freshPrefix, keyUnder, sampleFiles } from './object-samples';
import type { StoreHarness } from './object-store';
import { s3Harness } from './s3-harness';

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');
const onS3 = (server: typeof minio) => async () => {
  if (!server) throw new Error('not called without a server');
  const harness = await s3Harness(server);
  return { ...harness, private: harness.store };
};

/** The disk store's door is told of the CDN, so there are two of them on the same files' sample. */
async function onDisk(): Promise<Omit<StoreHarness, 'halfWrites'> & { private: ObjectStore }> {
  const [shared, own] = [await diskHarness(undefined, 'public'), await diskHarness()];
  return {
    store: shared.store,
    private: own.store,
    stop: async () => void (await Promise.all([shared.stop(), own.stop()])),
  };
}

describe.each([
  ['the disk store', true, onDisk],
  ['MinIO', minio !== null, onS3(minio)],
  ['versitygw', versitygw !== null, onS3(versitygw)],
] as const)('image URLs of %s', (_name, isThere, start) => {
  const promise = isThere ? test : test.skip;
  let harness: Awaited<ReturnType<typeof start>>;
  let samples: Awaited<ReturnType<typeof sampleFiles>>;
  let cdn: ReturnType<typeof Bun.serve>;
  let origin = '';
  beforeAll(async () => {
    if (!isThere) return;
    harness = await start();
    samples = await sampleFiles();
    cdn = Bun.serve({
      port: 0,
      fetch: (request) => {
        const { pathname, search } = new URL(request.url);
        return fetch(origin + pathname + search, { method: request.method });
      },
    });
  });
  afterAll(async () => {
    await cdn?.stop(true);
    await harness?.stop();
    await samples?.remove();
  });

  async function stored(store: ObjectStore, content: string): Promise<ObjectKey> {
    const key = keyUnder(freshPrefix(), 'original.jpg');
    await store.put(key, await samples.of(content), 'image/jpeg');
    return key;
  }
  const wanted = { expiresInSeconds: 60, contentType: 'image/jpeg', fileName: 'a-original.jpg' };
  const now: Clock = () => new Date();

  promise('open the image at the start and at the end of their bucket, as private to one browser', async () => {
    const key = await stored(harness.private, 'of one');
    const bucketMs = 30_000;
    const begins = Math.floor(Date.now() / bucketMs) * bucketMs;
    const [first, last] = [begins, begins + bucketMs - 1].map(
      (ms) => signedImageUrls(harness.private, () => new Date(ms)).sign(key, wanted).url,
    );
    expect(first).toBe(last!);
    const response = await fetch(first!);
    expect([response.status, await response.text()]).toEqual([200, 'of one']);
    expect(response.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('content-disposition')).toBe('inline; filename="a-original.jpg"');
  });

  promise('lead through a CDN that keeps path and query and names the store as its Host', async () => {
    const key = await stored(harness.store, 'of all');
    origin = new URL(harness.store.signGet({ key, issuedAt: new Date(), expiresAt: new Date() })).origin;
    const { url } = signedImageUrls(harness.store, now, cdn.url.origin).sign(key, wanted);
    expect(url).toStartWith(`${cdn.url.origin}/`);
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([200, 'of all']);
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d+, immutable$/);
    const forged = await fetch(url.replace('original.jpg?', 'other.jpg?'));
    expect(forged.status).toBe(403);
  });
});

test('URLs of S3 by virtual host keep its path when they lead through a CDN', async () => {
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const address = { bucket: 'images', region: 'eu-west-1', endpoint: 'http://localhost:1', forcePathStyle: false };
  const store = new S3Store({ config: { ...address, ...keys, retries: 0, timeoutMs: 1000 } });
  await store.prepare().catch(() => undefined); // loads the keys; nobody listens there
  const { url } = signedImageUrls(store, () => new Date(0), 'https://cdn.example').sign('a/b.jpg' as ObjectKey, {
    expiresInSeconds: 60,
    contentType: 'image/jpeg',
    fileName: 'b.jpg',
  });
  expect(url).toStartWith('https://cdn.example/a/b.jpg?X-Amz-Algorithm=');
});
