import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import sharp from 'sharp';
import type { ImageId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { postgresScrubRows } from '../../src/modules/maintenance/infrastructure/postgres-scrub-rows';
import { transactionsOf } from '../../src/platform/database/transaction';
import { photo } from '../support/photos';
import { type PrepareKit, prepareKit } from '../support/prepare-kit';
import { s3Server } from '../support/s3-servers';

const minio = await s3Server('minio');
const stores = [
  ['the disk store', null],
  ...(minio
    ? [
        [
          'MinIO',
          {
            ...minio,
            bucket: `test-${Bun.randomUUIDv7()}`,
            forcePathStyle: true,
            retries: 1,
            timeoutMs: 10_000,
            corsOrigins: [],
          },
        ] as const,
      ]
    : []),
] as const;

describe.each(stores)('on %s', (_store, s3) => {
  let kit: PrepareKit;
  let seller: Seller;
  beforeAll(async () => {
    kit = await prepareKit({ s3 });
    seller = await kit.seller();
  });
  afterAll(() => kit.stop());

  test('a product whose images are whole gets its variants and goes on to processing', async () => {
    const photos = await Promise.all([photo({ width: 2000, height: 1500 }), photo({ seed: 2, format: 'png' })]);
    const id = await kit.upload(seller, photos);
    await kit.prepare(id);
    expect(await kit.statusOf(id)).toMatchObject({ status: 'processing', failed_from: null });
    const rows = await kit.variantsOf(id);
    expect(rows.map((row) => [row.variant, row.resolution_width, row.resolution_height])).toEqual([
      ['model', 1568, 1176],
      ['thumb', 320, 240],
      ['model', 900, 700],
      ['thumb', 320, 249],
    ]);
    for (const row of rows) {
      const bytes = await kit.bytesOf(row.s3_url);
      expect([sha256OfBytes(bytes), bytes.length]).toEqual([row.sha256 as never, row.file_size_bytes]);
      const { format, width, height } = await sharp(bytes).metadata();
      expect([format, width, height]).toEqual([
        row.variant === 'thumb' ? 'webp' : 'jpeg',
        row.resolution_width,
        row.resolution_height,
      ] as never);
    }
    const history = await kit.db.sql(
      'select to_status, actor from product_status_history where product_id = $1 order by id',
      [id],
    );
    expect(history.at(-1)).toEqual({ to_status: 'processing', actor: 'system:prepare' });
    await kit.expectClean();
    expect(await kit.temporaryFiles()).toEqual([]);
  });

  test('prepared twice at once, it has each variant once, and nothing else is left', async () => {
    const id = await kit.upload(seller, [await photo({ seed: 3 })]);
    await Promise.all([kit.prepare(id), kit.with().prepareProduct(id)]);
    expect((await kit.variantsOf(id)).length).toBe(2);
    await kit.storage.sweep();
    await kit.expectClean();
  });

  test.each(['thumb', 'model'] as const)(
    'a %s that a scrub has dropped is made again, beside the other',
    async (kind) => {
      const id = await kit.upload(seller, [await photo({ seed: 4 })]);
      await kit.prepare(id);
      const before = await kit.variantsOf(id);
      const { image_id, s3_url: url } = before.find(({ variant }) => variant === kind)!;
      const rows = postgresScrubRows(kit.db.database.orm, transactionsOf(kit.db.database));
      expect(await rows.dropVariant(image_id as ImageId, { kind, url, sha256: null })).toBe(true);
      await kit.prepare(id);
      const after = await kit.variantsOf(id);
      const pictures = (of: typeof before) => of.map(({ variant, sha256 }) => [variant, sha256]);
      expect(pictures(after)).toEqual(pictures(before));
      for (const row of after) expect((await kit.bytesOf(row.s3_url)).length).toBe(row.file_size_bytes);
      await kit.storage.sweep();
      await kit.expectClean();
    },
  );
});
