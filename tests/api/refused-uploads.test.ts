import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { multipartBytes, multipartType, productParts, TEST_BOUNDARY, type TestPart } from '../support/multipart';
import { photo, photoOfAbout } from '../support/photos';
import { aSeller, PROMPT, type SellerClient, seen } from '../support/seller-client';
import { leftovers, NOTHING, startTestServer, type TestServer } from '../support/server';

const DOORS = [
  ['REST', '/api/products'],
  ['tRPC', '/trpc/products.create'],
] as const;

let server: TestServer;
let seller: SellerClient;
let good: Buffer;
let large: Buffer;
let small: Buffer;

beforeAll(async () => {
  server = await startTestServer({ MAX_UPLOAD_BYTES: String(14 * 2 ** 20) });
  seller = await aSeller(server);
  good = await photo();
  large = await photoOfAbout(10.7 * 2 ** 20);
  small = await photo({ width: 700, height: 500 });
}, 60_000);
afterAll(() => server.stop());
afterEach(async () => expect(await leftovers(server)).toEqual(NOTHING));

interface Refusal {
  readonly what: string;
  readonly body: () => Uint8Array<ArrayBuffer>;
  readonly type?: string;
  readonly status: number;
  readonly code: string;
  /** A word of what the message or the details must name. */
  readonly naming?: string;
}

const image = (content: Uint8Array | string, change: Partial<TestPart> = {}): TestPart => ({
  name: 'images',
  fileName: 'lamp.jpg',
  type: 'image/jpeg',
  content,
  ...change,
});
const prompt: TestPart = { name: 'prompt_text', content: PROMPT };
/** Behind a good photo, which is being stored by then. */
const after = (...parts: TestPart[]) => multipartBytes([prompt, image(good), ...parts]);

const REFUSED: readonly Refusal[] = [
  {
    what: 'nine photos',
    body: () => multipartBytes(productParts(PROMPT, Array<Buffer>(9).fill(good))),
    status: 422,
    code: 'TOO_MANY_IMAGES',
  },
  { what: 'no photo', body: () => multipartBytes([prompt]), status: 422, code: 'VALIDATION_FAILED', naming: 'images' },
  { what: 'no prompt', body: () => multipartBytes([image(good)]), status: 422, code: 'INVALID_PROMPT' },
  {
    what: 'a prompt of nine characters behind the photos',
    body: () => multipartBytes([image(good), image(good), { name: 'prompt_text', content: ' too short ' }]),
    status: 422,
    code: 'INVALID_PROMPT',
  },
  {
    what: 'a prompt of very many characters',
    body: () => multipartBytes([{ name: 'prompt_text', content: 'ü'.repeat(50_000) }, image(good)]),
    status: 422,
    code: 'INVALID_PROMPT',
  },
  {
    what: 'an unknown field',
    body: () => after({ name: 'price', content: '100' }),
    status: 422,
    code: 'VALIDATION_FAILED',
    naming: 'price',
  },
  {
    what: 'a file in an unknown field',
    body: () => after(image(good, { name: 'video' })),
    status: 422,
    code: 'VALIDATION_FAILED',
    naming: 'video',
  },
  {
    what: 'a primary_index of no image',
    body: () => after({ name: 'primary_index', content: '1' }),
    status: 422,
    code: 'VALIDATION_FAILED',
    naming: 'primary_index',
  },
  {
    what: 'a file part without a filename',
    body: () => after({ name: 'images', content: good }),
    status: 400,
    code: 'MALFORMED_REQUEST',
  },
  {
    what: 'a boundary that is missing',
    body: () => after(),
    type: 'multipart/form-data',
    status: 400,
    code: 'MALFORMED_REQUEST',
  },
  {
    what: 'a boundary that is not the body’s',
    body: () => after(),
    type: multipartType('another'),
    status: 400,
    code: 'MALFORMED_REQUEST',
  },
  {
    what: 'a content type that is not multipart/form-data',
    body: () => after(),
    type: `multipart/mixed; boundary=${TEST_BOUNDARY}`,
    status: 400,
    code: 'MALFORMED_REQUEST',
  },
  {
    what: 'a body that is cut off inside its second photo',
    body: () => after(image(good)).subarray(0, -20_000),
    status: 400,
    code: 'MALFORMED_REQUEST',
  },
  {
    what: 'a body without its closing delimiter',
    body: () => after().subarray(0, -4),
    status: 400,
    code: 'MALFORMED_REQUEST',
  },
  {
    what: 'a photo that was cut off',
    body: () => after(image(good.subarray(0, -2_000), { fileName: 'half.jpg' })),
    status: 422,
    code: 'INVALID_IMAGE',
    naming: 'half.jpg',
  },
  {
    what: 'a text that calls itself a photo',
    body: () => after(image('not a photo at all, but long enough for a header', { fileName: 'text.jpg' })),
    status: 422,
    code: 'UNSUPPORTED_FORMAT',
    naming: 'text.jpg',
  },
  {
    what: 'a photo of too few pixels',
    body: () => after(image(small, { fileName: 'small.jpg' })),
    status: 422,
    code: 'RESOLUTION_TOO_LOW',
    naming: 'small.jpg',
  },
  {
    what: 'a photo over 10 MB',
    body: () => after(image(large, { fileName: 'large.jpg' })),
    status: 413,
    code: 'IMAGE_TOO_LARGE',
    naming: 'large.jpg',
  },
];

describe.each(DOORS)('an upload that is refused leaves nothing, by %s', (_door, path) => {
  test.each(REFUSED)('$what: $status $code', async ({ body, type, status, code, naming }) => {
    const headers = {
      ...seller.headers,
      'content-type': type ?? multipartType(),
      'idempotency-key': 'the-refused-one',
    };
    const response = await fetch(server.url + path, { method: 'POST', body: body(), headers });
    const text = await response.text();
    expect(await seen({ status: response.status, body: text })).toEqual([status, code]);
    expect(text).toContain(naming ?? code);
  });

  test('a body without an announced length that grows over the limit: 413 REQUEST_TOO_LARGE', async () => {
    const photoWithTail = Buffer.concat([good, Buffer.alloc(4 * 2 ** 20)]);
    const whole = multipartBytes(productParts(PROMPT, Array<Buffer>(4).fill(photoWithTail)));
    const body = new Blob([whole]).stream();
    const headers = { ...seller.headers, 'content-type': multipartType() };
    const response = await fetch(server.url + path, { method: 'POST', body, headers });
    expect(await seen(response)).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  test('without a token nothing is read: 401 UNAUTHENTICATED', async () => {
    const headers = { 'content-type': multipartType() };
    const response = await fetch(server.url + path, { method: 'POST', body: after(), headers });
    expect(await seen(response)).toEqual([401, 'UNAUTHENTICATED']);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });
});
