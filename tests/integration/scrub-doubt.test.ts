import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { open, stat, utimes } from 'node:fs/promises';
import { StoreInDoubt } from '../../src/modules/maintenance';
import type { LocalObjects } from '../../src/modules/storage/domain/local-objects';
import { type UpkeepKit, upkeepKit } from '../support/upkeep-kit';

const WHOLE_SET = { bytes: Number.POSITIVE_INFINITY };

test('a scrub finds a bit that the disk has flipped, though nothing else of the file has changed', async () => {
  const kit = await upkeepKit();
  const [image] = await kit.images(await kit.aProduct(await kit.seller(), 2));
  const { original } = image!.keys;
  const { path } = (await (kit.storage.store as unknown as LocalObjects).locate(original))!;
  const { atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  const at = { position: 1000, buffer: Buffer.alloc(1) };
  await file.read({ ...at, length: 1 });
  at.buffer[0]! ^= 0x10;
  await file.write(at.buffer, 0, 1, at.position);
  await file.close();
  await utimes(path, atime, mtime);
  expect((await kit.upkeep().scrub(WHOLE_SET)).counts).toMatchObject({ damaged: 1 });
  expect(await kit.damagedAt(image!.id)).toBeInstanceOf(Date);
  await kit.stop();
});

describe('a scrub of a store that lacks many images in a row', () => {
  let kit: UpkeepKit;
  beforeAll(async () => {
    kit = await upkeepKit();
    const seller = await kit.seller();
    const id = await kit.aProduct(seller, 1);
    const [image] = await kit.images(id);
    for (let n = 1; n <= 22; n += 1) {
      await kit.db.sql(
        `insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
          resolution_width, resolution_height, position)
          select ('00000000-0000-7000-8000-' || lpad($2::text, 12, '0'))::uuid, product_id, original_s3_url || '.gone' || $2, sha256,
            file_size_bytes, file_format, resolution_width, resolution_height, $2::int from product_images where id = $1`,
        [image?.id, n],
      );
    }
  }, 60_000);
  afterAll(() => kit.stop());

  const marked = async () =>
    (await kit.db.sql<{ n: number }>('select count(damaged_at)::int as n from product_images'))[0]?.n;

  test('stops in doubt, and calls none of them damaged', async () => {
    await expect(kit.upkeep().scrub(WHOLE_SET)).rejects.toThrow(StoreInDoubt);
    expect(await marked()).toBe(0);
  });

  test('goes on when the operator says that the store is the right one; the gauge tells how many there are', async () => {
    const upkeep = kit.upkeep({ metrics: kit.metrics });
    const { counts } = await upkeep.scrub({ ...WHOLE_SET, believesStore: true });
    expect(counts).toMatchObject({ images: 23, damaged: 22 });
    expect(await marked()).toBe(22);
    const text = await kit.metrics.render();
    expect(text).toContain('damaged_images 22');
    expect(text).toContain('maintenance_last_run_items{task="scrub",what="damaged"} 22');
  });
});
