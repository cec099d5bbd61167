import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { ErrorCode } from '../../src/kernel/error-codes';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { TestPart } from '../support/multipart';
import { photo } from '../support/photos';
import { PROMPT, productParts, type UploadKit, uploadKit } from '../support/upload-kit';

let kit: UploadKit;
let seller: Seller;
let one: Buffer;
let two: Buffer;

beforeAll(async () => {
  kit = await uploadKit();
  seller = await kit.seller();
  one = await photo({ seed: 1 });
  two = await photo({ seed: 2, format: 'png' });
});
afterAll(() => kit.stop());

async function refusal(parts: TestPart[]): Promise<AppError> {
  return kit.create(seller, parts).then(
    () => {
      throw new Error('was not refused');
    },
    (error) => {
      if (error instanceof AppError) return error;
      throw error;
    },
  );
}

const file = (content: Uint8Array, name = 'images'): TestPart => ({
  name,
  fileName: 'photo.jpg',
  type: 'text/html',
  content,
});
const prompt: TestPart = { name: 'prompt_text', content: PROMPT };

describe('a product is created', () => {
  test('with its photos stored byte for byte, its rows, its event, and no intent left', async () => {
    const { product, replayed } = await kit.create(seller, productParts(`  ${PROMPT}  `, [one, two]));
    expect(replayed).toBe(false);
    expect(product).toMatchObject({
      status: 'uploading',
      prompt_text: PROMPT,
      image_count: 2,
      estimated_processing_time_seconds: 15,
    });
    const images = await kit.db.sql<{
      original_s3_url: string;
      sha256: string;
      file_format: string;
      is_primary: boolean;
    }>('select * from product_images where product_id = $1 order by position', [product.id]);
    expect(images.map((image) => [image.file_format, image.is_primary])).toEqual([
      ['jpeg', true],
      ['png', false],
    ]);
    for (const [index, bytes] of [one, two].entries()) {
      const key = images[index]!.original_s3_url.replace(/^s3:\/\/[^/]+\//, '') as ObjectKey;
      const stored = new Uint8Array(await new Response(await kit.storage.store.get(key)).arrayBuffer());
      expect(sha256OfBytes(stored)).toBe(sha256OfBytes(bytes));
      expect(images[index]!.sha256).toBe(sha256OfBytes(bytes));
    }
    expect(await kit.intents()).toEqual([]);
    expect(await kit.temporaryFiles()).toEqual([]);
    const [history] = await kit.db.sql('select * from product_status_history where product_id = $1', [product.id]);
    expect(history).toMatchObject({
      from_status: null,
      to_status: 'uploading',
      event: 'CREATE',
      actor: `seller:${seller.userId}`,
    });
  });

  test('from parts in any order, of both field names, with the primary that is asked for', async () => {
    const parts = [file(one, 'images[]'), { name: 'primary_index', content: '1' }, file(two), prompt];
    const { product } = await kit.create(seller, parts);
    const primary = await kit.db.sql('select position from product_images where product_id = $1 and is_primary', [
      product.id,
    ]);
    expect(primary).toEqual([{ position: 1 }]);
  });
});

describe('a refused upload costs nothing', () => {
  let before: { keys: string[]; products: number };
  beforeAll(async () => {
    before = { keys: await kit.keys(), products: await kit.count('products') };
  });
  afterEach(async () => {
    expect(await kit.keys()).toEqual(before.keys);
    expect(await kit.count('products')).toBe(before.products);
    expect(await kit.temporaryFiles()).toEqual([]);
    expect((await kit.intents()).filter(({ state }) => state !== 'tombstone')).toEqual([]);
  });

  const nine = () =>
    productParts(
      PROMPT,
      Array.from({ length: 9 }, () => one),
    );
  const cases: Array<[string, ErrorCode, () => TestPart[] | Promise<TestPart[]>]> = [
    ['without a file', 'VALIDATION_FAILED', () => [prompt]],
    ['without a prompt', 'INVALID_PROMPT', () => [file(one)]],
    [
      'with a short prompt after a good photo',
      'INVALID_PROMPT',
      () => [file(one), { name: 'prompt_text', content: 'too short' }],
    ],
    ['with nine files', 'TOO_MANY_IMAGES', nine],
    ['with an unknown text field', 'VALIDATION_FAILED', () => [prompt, { name: 'price', content: '5' }, file(one)]],
    ['with an unknown file field', 'VALIDATION_FAILED', () => [prompt, file(one, 'avatar')]],
    ['with the prompt twice', 'VALIDATION_FAILED', () => [prompt, prompt, file(one)]],
    [
      'with a primary_index out of range',
      'VALIDATION_FAILED',
      () => [prompt, file(one), { name: 'primary_index', content: '1' }],
    ],
    [
      'with a primary_index that is no number',
      'VALIDATION_FAILED',
      () => [prompt, file(one), { name: 'primary_index', content: '-1' }],
    ],
    [
      'with a text named .jpg',
      'UNSUPPORTED_FORMAT',
      () => [prompt, file(one), file(Buffer.from('<svg>no</svg>'.repeat(40)))],
    ],
    ['with an empty file', 'INVALID_IMAGE', () => [prompt, file(one), file(Buffer.alloc(0))]],
    ['with a photo cut off', 'INVALID_IMAGE', () => [prompt, file(one), file(two.subarray(0, two.length - 20))]],
    [
      'with a small photo',
      'RESOLUTION_TOO_LOW',
      async () => [prompt, file(one), file(await photo({ width: 799, height: 600 }))],
    ],
    [
      'with a file over 10 MB',
      'IMAGE_TOO_LARGE',
      () => [prompt, file(one), file(Buffer.concat([one, Buffer.alloc(10 * 2 ** 20)]))],
    ],
    [
      'with a part without a filename',
      'MALFORMED_REQUEST',
      () => [prompt, file(one), { name: 'images', content: 'x' }],
    ],
  ];
  test.each(cases)('%s: %s', async (_, code, parts) => {
    const error = await refusal(await parts());
    expect(error.code).toBe(code);
  });

  test('and names the file that was wrong', async () => {
    const error = await refusal([
      prompt,
      file(one),
      { ...file(Buffer.from('GIF89a'.repeat(99))), fileName: 'cat.gif' },
    ]);
    expect(error.details).toEqual({ file: { index: 1, name: 'cat.gif' } });
  });

  test('when the store refuses, with its error and nothing left', async () => {
    const originals = { put: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) };
    const attempt = kit.create(seller, productParts(PROMPT, [one, two]), { deps: { originals } });
    await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', httpStatus: 503 });
  });

  test('when the account is gone, with an Idempotency-Key and without', async () => {
    const ghost = await kit.seller();
    await kit.db.sql('delete from users where id = $1', [ghost.userId]);
    for (const change of [{}, { key: 'k' }]) {
      const refused = kit.create(ghost, productParts(PROMPT, [one]), change);
      await expect(refused).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});
