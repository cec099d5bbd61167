import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import { type Awaited, abort, announced, complete, putAll, renew, start } from '../support/direct-upload';
import { photo } from '../support/photos';
import { aSeller, PROMPT, type SellerClient, seen } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

let server: TestServer;
let seller: SellerClient;
let stranger: SellerClient;
let photos: Buffer[];

beforeAll(async () => {
  server = await startTestServer();
  seller = await aSeller(server);
  stranger = await aSeller(server);
  photos = [await photo({ seed: 31 })];
}, 60_000);
afterAll(() => server.stop());

async function rowsOf(id: string): Promise<unknown> {
  const rows: unknown[] = await server.db.sql('select * from products where id = $1', [id]);
  for (const table of ['direct_uploads', 'direct_upload_images', 'intents']) {
    rows.push(await server.db.sql(`select * from ${table} where product_id = $1`, [id]));
  }
  return rows;
}

describe('an upload of another seller', () => {
  test.each([
    ['complete', complete],
    ['urls', renew],
    ['abort', abort],
  ])('%s: is answered exactly as an unknown one, and nothing is done to it', async (_, call) => {
    const upload = await start(seller, photos);
    await putAll(upload, photos);
    const before = await rowsOf(upload.product_id);
    const bodyOf = async (response: Response) => {
      const { error } = (await response.json()) as { error: { request_id?: string } };
      delete error.request_id;
      return [response.status, error];
    };
    const unknown = await bodyOf(await call(stranger, newId()));
    expect(unknown).toMatchObject([404, { code: 'PRODUCT_NOT_FOUND' }]);
    expect(await bodyOf(await call(stranger, upload.product_id))).toEqual(unknown);
    expect(await bodyOf(await call(stranger, 'no-id'))).toEqual(unknown);
    expect(await rowsOf(upload.product_id)).toEqual(before);
    expect((await call(seller, upload.product_id)).ok).toBe(true);
  });

  test('cannot be had by naming its Idempotency-Key', async () => {
    const body = { prompt_text: PROMPT, images: photos.map(announced) };
    const mine = await seller.trpc({ 'idempotency-key': 'shared' }).uploads.start.mutate(body);
    const theirs = await stranger.trpc({ 'idempotency-key': 'shared' }).uploads.start.mutate(body);
    expect(theirs.product_id).not.toBe(mine.product_id);
  });
});

test('without a token every call is UNAUTHENTICATED', async () => {
  const nobody = { ...seller, call: (method: string, path: string) => fetch(server.url + path, { method }) };
  for (const call of [complete, renew, abort, (by: SellerClient) => by.call('POST', '/api/uploads')]) {
    expect(await seen(await call(nobody, newId()))).toEqual([401, 'UNAUTHENTICATED']);
  }
});

test('an Idempotency-Key replays the start with the header that says so, by REST', async () => {
  const post = () =>
    fetch(`${server.url}/api/uploads`, {
      method: 'POST',
      headers: { ...seller.headers, 'content-type': 'application/json', 'idempotency-key': 'rest' },
      body: JSON.stringify({ prompt_text: PROMPT, images: photos.map(announced) }),
    });
  const [first, second] = [await post(), await post()];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  const bodies = [(await first.json()) as Awaited, (await second.json()) as Awaited];
  expect(bodies[1]!.uploads.map(({ image_id }) => image_id)).toEqual(
    bodies[0]!.uploads.map(({ image_id }) => image_id),
  );
  expect(bodies[1]!.product_id).toBe(bodies[0]!.product_id);
});

test.each([
  ['prompt_text of nine characters', { prompt_text: 'too short' }, [422, 'INVALID_PROMPT']],
  ['no prompt_text', { prompt_text: undefined }, [422, 'INVALID_PROMPT']],
  ['no prompt_text and no image', { prompt_text: undefined, images: undefined }, [422, 'INVALID_PROMPT']],
  ['prompt_text null', { prompt_text: null }, [422, 'INVALID_PROMPT']],
  ['a number for prompt_text', { prompt_text: 1_234_567_890 }, [422, 'INVALID_PROMPT']],
  ['no image', { images: [] }, [422, 'VALIDATION_FAILED']],
  ['an unknown field', { images: [{ ...announced(Buffer.from('x')), width: 3 }] }, [422, 'VALIDATION_FAILED']],
  [
    'a checksum that is not hexadecimal',
    { images: [{ ...announced(Buffer.from('x')), sha256: 'g'.repeat(64) }] },
    [422, 'VALIDATION_FAILED'],
  ],
  ['an empty file', { images: [{ ...announced(Buffer.from('x')), file_size_bytes: 0 }] }, [422, 'VALIDATION_FAILED']],
  ['nine images', { images: Array(9).fill(announced(Buffer.from('x'))) }, [422, 'TOO_MANY_IMAGES']],
  ['a GIF', { images: [{ ...announced(Buffer.from('x')), content_type: 'image/gif' }] }, [422, 'UNSUPPORTED_FORMAT']],
  ['11 MB', { images: [{ ...announced(Buffer.from('x')), file_size_bytes: 11 << 20 }] }, [413, 'IMAGE_TOO_LARGE']],
  [
    '56 MB together',
    { images: Array(8).fill({ ...announced(Buffer.from('x')), file_size_bytes: 7 << 20 }) },
    [413, 'REQUEST_TOO_LARGE'],
  ],
  [
    'two primary images',
    { images: Array(2).fill({ ...announced(Buffer.from('x')), is_primary: true }) },
    [422, 'VALIDATION_FAILED'],
  ],
])('a start with %s is refused, and leaves nothing', async (_, change, refusal) => {
  const fresh = await aSeller(server);
  const body = { prompt_text: PROMPT, images: [announced(Buffer.from('x'))], ...change };
  expect(await seen(await fresh.call('POST', '/api/uploads', body))).toEqual(refusal as [number, string]);
  expect(await server.db.sql('select 1 from direct_uploads where user_id = $1', [fresh.userId])).toEqual([]);
});

test('the image that is said to be primary is it', async () => {
  const three = [photos[0]!, photos[0]!, photos[0]!];
  const images = three.map((bytes, index) => ({
    ...announced(bytes),
    is_primary: index === 1,
    file_name: `${index}.jpg`,
  }));
  const upload = await seller.trpc().uploads.start.mutate({ prompt_text: PROMPT, images });
  await putAll(upload, three);
  const product = await seller.trpc().uploads.complete.mutate({ product_id: upload.product_id });
  expect(product.images.map(({ is_primary }) => is_primary)).toEqual([false, true, false]);
});
