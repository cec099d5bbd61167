import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { createClient, UploadFailed, type UploadProgress } from '../../src/client';
import { objectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { photo } from '../support/photos';
import { type RecordingGateway, startGateway } from '../support/recording-gateway';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { leftovers, startTestServer, type TestServer, until } from '../support/server';

let server: TestServer;
let gateway: RecordingGateway;
let seller: SellerClient;
let photos: Blob[];
let hashes: string[];
let client: ReturnType<typeof createClient>;
const retry = { firstMs: 20, maxMs: 200 };

beforeAll(async () => {
  gateway = startGateway(() => `http://127.0.0.1:${server.port}`);
  server = await startTestServer({ PUBLIC_URL: gateway.url });
  seller = await aSeller(server);
  const bytes = await Promise.all([photo({ seed: 61 }), photo({ seed: 62, format: 'png' }), photo({ seed: 63 })]);
  photos = bytes.map((each) => new Blob([new Uint8Array(each)]));
  hashes = bytes.map(sha256OfBytes);
  client = createClient({ url: server.url, token: seller.accessToken, retry });
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});
/** Of this test alone. */
let putsBefore = 0;
afterEach(() => {
  putsBefore = gateway.puts.length;
});
const puts = () => gateway.puts.slice(putsBefore);
const openUploads = () => server.db.sql('select product_id from direct_uploads');

describe('uploadProduct', () => {
  test('makes a product of photos that never pass through the API', async () => {
    const product = await client.uploadProduct(photos, PROMPT, { primaryIndex: 1 });
    expect(product).toMatchObject({ status: 'uploading', prompt_text: PROMPT, image_count: 3 });
    expect(product.images.map(({ sha256 }) => sha256)).toEqual(hashes as never);
    expect(product.images.map(({ is_primary }) => is_primary)).toEqual([false, true, false]);
    expect(puts().map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await client.api.products.get.query({ id: product.id })).toMatchObject({ image_count: 3 });
    expect(await openUploads()).toEqual([]);
  });

  test('tells of every phase, and of bytes as they leave', async () => {
    const told: UploadProgress[] = [];
    await client.uploadProduct(photos, PROMPT, { onProgress: (progress) => told.push(progress), concurrency: 1 });
    const total = photos.reduce((sum, { size }) => sum + size, 0);
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['hashing', 'uploading', 'completing']);
    expect(told.every(({ totalBytes }) => totalBytes === total)).toBe(true);
    const sent = told.map(({ sentBytes }) => sentBytes);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    expect([sent[0], sent.at(-1)]).toEqual([0, total]);
    expect(new Set(sent).size).toBeGreaterThan(photos.length + 1);
    expect(told.at(-1)?.files).toEqual(photos.map(({ size }) => ({ sentBytes: size, totalBytes: size })));
  });

  test('names the files that are no photos for the server, and gives the upload up', async () => {
    const before = await leftovers(server);
    const small = new Blob([new Uint8Array(await photo({ width: 400, height: 300 }))]);
    const broken = photos[0]?.slice(0, 200_000) ?? small;
    const failure = await client.uploadProduct([photos[1]!, small, broken], PROMPT).catch((error) => error);
    expect(failure).toBeInstanceOf(UploadFailed);
    expect(failure.problems).toEqual([
      { index: 1, problem: 'RESOLUTION_TOO_LOW', message: expect.any(String) },
      { index: 2, problem: 'INVALID_IMAGE', message: expect.any(String) },
    ]);
    expect(failure.message).toStartWith('file 1: RESOLUTION_TOO_LOW: ');
    expect(failure.isFinal).toBe(true);
    expect(await openUploads()).toEqual([]);
    expect((await leftovers(server)).objects).toEqual(before.objects);
  });

  test('sends nothing of what the server refuses by its announcement', async () => {
    await expect(client.uploadProduct(photos, 'short')).rejects.toMatchObject({ data: { code: 'INVALID_PROMPT' } });
    const text = new Blob(['no photo'], { type: 'text/plain' });
    await expect(client.uploadProduct([text], PROMPT)).rejects.toMatchObject({ data: { code: 'UNSUPPORTED_FORMAT' } });
    expect(puts()).toEqual([]);
  });

  test('that is ended leaves nothing', async () => {
    await server.container.storage.sweep(); // what completed uploads have been copied from
    const before = await leftovers(server);
    const caller = new AbortController();
    const onProgress = ({ sentBytes }: UploadProgress) => sentBytes > 300_000 && caller.abort(new Error('enough'));
    await expect(client.uploadProduct(photos, PROMPT, { signal: caller.signal, onProgress })).rejects.toThrow('enough');
    expect(await openUploads()).toEqual([]);
    const isAsBefore = async () => {
      await server.container.storage.sweep();
      return Bun.deepEquals(await leftovers(server), before);
    };
    await until(isAsBefore, 'what a PUT that ended late has brought is swept');
  });
});

describe('an upload with an idempotency key of the caller', () => {
  test('goes on where another page was interrupted, and sends nothing again', async () => {
    const idempotencyKey = crypto.randomUUID();
    const caller = new AbortController();
    const onProgress = ({ files: [, second] }: UploadProgress) => {
      if (second?.sentBytes) caller.abort(new Error('the page was closed'));
    };
    const options = { idempotencyKey, concurrency: 1, signal: caller.signal, onProgress };
    await expect(client.uploadProduct(photos, PROMPT, options)).rejects.toThrow('the page was closed');
    await until(() => puts().length === 2, 'the second file has arrived or was cut off');
    const [open] = await openUploads();
    const sentBefore = puts().filter(({ status }) => status === 200);
    expect(sentBefore.length).toBeOneOf([1, 2]);

    const product = await client.uploadProduct(photos, PROMPT, { idempotencyKey });
    expect(product.id).toBe(open?.product_id as never);
    expect(product.images.map(({ sha256 }) => sha256)).toEqual(hashes as never);
    expect(gateway.needless()).toEqual([]);

    const sent = gateway.puts.length;
    const told: UploadProgress[] = [];
    const again = { idempotencyKey, onProgress: (progress: UploadProgress) => told.push(progress) };
    expect((await client.uploadProduct(photos, PROMPT, again)).id).toBe(product.id);
    expect(gateway.puts.length).toBe(sent);
    const { sentBytes, totalBytes, files } = told.at(-1) as UploadProgress;
    expect(sentBytes).toBe(totalBytes);
    expect(files).toEqual(photos.map(({ size }) => ({ sentBytes: size, totalBytes: size })));
  });

  test('that another page completes first gives the product to both', async () => {
    const idempotencyKey = crypto.randomUUID();
    const first = createClient({ url: server.url, token: seller.accessToken, retry });
    // once it has announced the upload, and before it asks what is missing of it
    let product: Promise<{ id: string }> | undefined;
    let asked = 0;
    const second = createClient({
      url: server.url,
      getToken: async () => {
        asked += 1;
        if (asked === 2) {
          product = first.uploadProduct(photos, PROMPT, { idempotencyKey });
          await product;
        }
        return seller.accessToken;
      },
      retry,
    });
    const { id } = await second.uploadProduct(photos, PROMPT, { idempotencyKey });
    expect((await product)?.id).toBe(id);
    expect(puts().map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('can be given up for good by the product id that its progress tells', async () => {
    const caller = new AbortController();
    let told: string | null = null;
    const onProgress = ({ phase, productId }: UploadProgress) => {
      expect(productId === null).toBe(phase === 'hashing');
      told = productId;
      if (productId) caller.abort(new Error('enough'));
    };
    const options = { idempotencyKey: crypto.randomUUID(), signal: caller.signal, onProgress };
    await expect(client.uploadProduct(photos, PROMPT, options)).rejects.toThrow('enough');
    expect(await openUploads()).toEqual([{ product_id: told }] as never);
    await client.api.uploads.abort.mutate({ product_id: told ?? '' });
    expect(await openUploads()).toEqual([]);
  });

  test('is given up all the same where its files can never be taken', async () => {
    const small = new Blob([new Uint8Array(await photo({ width: 400, height: 300 }))]);
    const options = { idempotencyKey: crypto.randomUUID() };
    await expect(client.uploadProduct([small], PROMPT, options)).rejects.toBeInstanceOf(UploadFailed);
    expect(await openUploads()).toEqual([]);
  });
});

describe('a file', () => {
  test.each([403, 503, 500])('whose PUT is answered %d is sent by a fresh URL', async (status) => {
    gateway.answerNextPut(new Response('no', { status }));
    const product = await client.uploadProduct(photos.slice(0, 1), PROMPT);
    expect(product.image_count).toBe(1);
    expect(puts().map((put) => put.status)).toEqual([status, 200]);
  });

  test('whose key is taken has arrived', async () => {
    gateway.answerNextPut(new Response('it is there', { status: 412 }));
    // it is not: completion finds that, and it is sent
    expect((await client.uploadProduct(photos.slice(0, 1), PROMPT)).image_count).toBe(1);
    expect(puts().map((put) => put.status)).toEqual([412, 200]);
  });

  test('that was lost between its arrival and the completion is sent again', async () => {
    let lost = false;
    const onProgress = async ({ phase }: UploadProgress) => {
      if (phase !== 'completing' || lost) return;
      lost = true;
      // before completion can ask for it
      const path = decodeURIComponent(puts().at(-1)?.path ?? '');
      Bun.file(`${server.dataDir}/objects/${path.replace('/files/', '')}`).unlink();
    };
    const product = await client.uploadProduct(photos.slice(0, 2), PROMPT, { onProgress, concurrency: 1 });
    expect(product.image_count).toBe(2);
    expect(puts().map((put) => put.status)).toEqual([200, 200, 200]);
    const key = objectKey(decodeURIComponent(puts()[0]?.path ?? '').replace(/^\/files\/[^/]+\//, ''));
    expect(await server.container.storage.store.head(key)).not.toBeNull();
  });

  test('that can never be sent is named, and the upload is given up', async () => {
    const few = createClient({ url: server.url, token: seller.accessToken, retry: { ...retry, attempts: 3 } });
    for (let times = 0; times < 3; times += 1) gateway.answerNextPut(new Response('no', { status: 403 }));
    const failure = await few.uploadProduct(photos.slice(0, 1), PROMPT).catch((error) => error);
    expect(failure.problems).toEqual([{ index: 0, problem: 'NOT_SENT', message: 'the store answered 403' }]);
    expect(failure.isFinal).toBe(false);
    expect(await openUploads()).toEqual([]);
  });
});

describe('createClient', () => {
  test('asks for the token before each request', async () => {
    let asked = 0;
    const { api } = createClient({
      url: `${server.url}/`,
      getToken: async () => {
        asked += 1;
        return asked === 1 ? 'expired' : seller.accessToken;
      },
    });
    await expect(api.users.me.query()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    expect(await api.users.me.query()).toMatchObject({ email: seller.email });
    expect(asked).toBe(2);
  });

  test('lets one register who has no token yet, and sends headers of one call', async () => {
    const { api } = createClient({ url: server.url });
    const email = `new-${crypto.randomUUID()}@example.com`;
    const { access_token: token } = await api.auth.register.mutate({ email, password: 'a long enough password' });
    const mine = createClient({ url: server.url, token }).api;
    const form = new FormData();
    form.set('prompt_text', PROMPT);
    form.append('images', photos[0] as Blob, 'a.jpg');
    const context = { headers: { 'x-upload-id': Bun.randomUUIDv7() } };
    const created = await mine.products.create.mutate(form, { context });
    expect(created.id).toBe(context.headers['x-upload-id'] as never);
  });
});
