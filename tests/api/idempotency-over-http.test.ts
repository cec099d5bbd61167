import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TRPCClientError } from '@trpc/client';
import { newId } from '../../src/kernel/ids';
import { complete, putAll, start } from '../support/direct-upload';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { rawPost } from '../support/raw-http';
import { aSeller, PROMPT, productForm, type SellerClient, seen } from '../support/seller-client';
import { leftovers, startTestServer, type TestServer, until } from '../support/server';

let server: TestServer;
let seller: SellerClient;
let photos: Buffer[];
let otherPhotos: Buffer[];

beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
  photos = [await photo({ seed: 3 }), await photo({ seed: 4 })];
  otherPhotos = [await photo({ seed: 4 }), await photo({ seed: 3 })];
}, 60_000);
afterAll(() => server.stop());

const products = async () => (await leftovers(server)).products;
const withKey = (key: string) => ({ 'idempotency-key': key });

describe('the same Idempotency-Key', () => {
  test('with the same content gets the first answer, marked as replayed, and makes nothing', async () => {
    const first = await seller.upload(photos, withKey('replay'));
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const before = await leftovers(server);
    const again = await seller.upload(photos, withKey('replay'));
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await again.json()).toEqual(await first.json());
    expect(await leftovers(server)).toEqual(before);
  });

  test('works across the doors: what REST has made, tRPC replays', async () => {
    const made = (await (await seller.upload(photos, withKey('doors'))).json()) as { id: string };
    const before = await products();
    const client = seller.trpc(withKey('doors'));
    expect((await client.products.create.mutate(productForm(photos))).id).toBe(made.id);
    const mismatch = await client.products.create.mutate(productForm(otherPhotos)).catch((error: unknown) => error);
    expect(mismatch).toBeInstanceOf(TRPCClientError);
    expect((mismatch as TRPCClientError<never>).data).toMatchObject({ code: 'IDEMPOTENCY_MISMATCH', httpStatus: 422 });
    expect(await products()).toBe(before);
  });

  test('with other photos, another order or another prompt is refused, and the first product stays', async () => {
    const first = (await (await seller.upload(photos, withKey('mismatch'))).json()) as { id: string };
    const before = await leftovers(server);
    for (const parts of [
      productParts(PROMPT, otherPhotos),
      productParts(PROMPT, photos.slice(0, 1)),
      productParts(`${PROMPT}!`, photos),
    ]) {
      const refused = await seller.post('/api/products', parts, withKey('mismatch'));
      expect(await seen(refused)).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    }
    expect(await leftovers(server)).toEqual(before);
    expect((await seller.call('GET', `/api/products/${first.id}`)).status).toBe(200);
  });

  test('of an upload that is running is refused until it has ended, then replayed', async () => {
    const body = multipartBytes(productParts(PROMPT, photos));
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
    const running = rawPost(server.port, {
      path: '/api/products',
      headers: {
        ...seller.headers,
        ...withKey('running'),
        'content-type': multipartType(),
        'content-length': String(body.length),
      },
      async send(write) {
        await write(body.subarray(0, 50_000));
        await mayGoOn;
        await write(body.subarray(50_000));
      },
    });
    const held = "select 1 from idempotency_keys where key = 'running'";
    await until(async () => (await server.db.sql(held)).length === 1, 'the first upload holds the key');
    expect(await seen(await seller.upload(photos, withKey('running')))).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
    goOn();
    const first = await running;
    expect(first.status).toBe(201);
    const again = await seller.upload(photos, withKey('running'));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await again.json()).toEqual(JSON.parse(first.body));
  });

  test('ten times at once makes one product, whichever of them ends first', async () => {
    const before = await products();
    const answers = await Promise.all(Array.from({ length: 10 }, () => seller.upload(photos, withKey('ten'))));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { id?: string }[];
    const ids = new Set(bodies.flatMap(({ id }) => (id === undefined ? [] : [id])));
    expect(ids.size).toBe(1);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    expect(await products()).toBe((before ?? 0) + 1);
    const replayed = await seller.upload(photos, withKey('ten'));
    expect(ids).toContain(((await replayed.json()) as { id: string }).id);
  });

  test('of a refused upload is free again', async () => {
    const refused = await seller.post('/api/products', productParts('short', photos), withKey('refused'));
    expect(await seen(refused)).toEqual([422, 'INVALID_PROMPT']);
    const second = await seller.upload(photos, withKey('refused'));
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  test('of another seller is another key', async () => {
    const mine = (await (await seller.upload(photos, withKey('whose'))).json()) as { id: string };
    const stranger = await aSeller(server);
    const theirs = await stranger.upload(otherPhotos, withKey('whose'));
    expect([theirs.status, theirs.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect(((await theirs.json()) as { id: string }).id).not.toBe(mine.id);
  });
});

describe('X-Upload-Id', () => {
  test('becomes the id of the product', async () => {
    const id = newId();
    const created = await seller.upload(photos, { 'x-upload-id': id });
    expect([created.status, ((await created.json()) as { id: string }).id]).toEqual([201, id]);
  });

  test('that was used before is refused, whoever used it, and the first product keeps its photos', async () => {
    const id = newId();
    const first = await seller.upload(photos, { 'x-upload-id': id });
    expect(first.status).toBe(201);
    const before = await leftovers(server);
    for (const who of [seller, await aSeller(server)]) {
      expect(await seen(await who.upload(otherPhotos, { 'x-upload-id': id }))).toEqual([409, 'CONFLICT']);
    }
    expect(await leftovers(server)).toEqual(before);
    const product = (await (await seller.call('GET', `/api/products/${id}`)).json()) as {
      images: { original_url: string }[];
    };
    for (const [index, { original_url }] of product.images.entries()) {
      expect(Buffer.from(await (await fetch(original_url)).bytes()).equals(photos[index] ?? Buffer.of())).toBe(true);
    }
  });

  test('of a direct upload that is open is refused, whoever names it, and the upload can be completed', async () => {
    const upload = await start(seller, photos);
    await putAll(upload, photos);
    const before = await leftovers(server);
    for (const who of [seller, await aSeller(server)]) {
      const refused = await who.upload(otherPhotos, { 'x-upload-id': upload.product_id });
      expect(await seen(refused)).toEqual([409, 'CONFLICT']);
    }
    expect(await leftovers(server)).toEqual(before);
    expect((await complete(seller, upload.product_id)).status).toBe(200);
  });

  test('that is no UUIDv7 is refused', async () => {
    const refused = await seller.upload(photos, { 'x-upload-id': crypto.randomUUID() });
    expect(await seen(refused)).toEqual([422, 'VALIDATION_FAILED']);
  });
});
