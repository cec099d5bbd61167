import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { ImageId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import { StoreInDoubt } from '../../src/modules/maintenance';
import type { ReadableStore } from '../../src/modules/maintenance/infrastructure/staged-digests';
import { BrokenBytes } from '../../src/modules/storage/domain/store-errors';
import { type UpkeepKit, upkeepKit } from '../support/upkeep-kit';

// What a disk can't give back any more, though it is there: each object is read to its middle.

let kit: UpkeepKit;
let keys: Awaited<ReturnType<UpkeepKit['images']>>[number]['keys'];
let images: ImageId[];

beforeAll(async () => {
  kit = await upkeepKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  const found = await kit.images(await kit.aProduct(await kit.seller()));
  images = found.map(({ id }) => id);
  keys = found[0]!.keys;
});

function scrub(...broken: (ObjectKey | null)[]) {
  const { store } = kit.storage;
  const readable: ReadableStore = {
    kind: 'disk',
    get: async (key) => (broken.includes(key) ? halfOf(await store.get(key)) : await store.get(key)),
    head: (key) => store.head(key),
    list: (prefix, after) => store.list(prefix, after),
    check: () => store.check(),
  };
  return kit.upkeep({ store: readable }).scrub({ bytes: Number.POSITIVE_INFINITY });
}

async function halfOf(body: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const bytes = await new Response(body).bytes();
  let isFirst = true;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (!isFirst) throw new AppError('STORAGE_UNAVAILABLE', undefined, { cause: new BrokenBytes(new Error('EIO')) });
      isFirst = false;
      controller.enqueue(bytes.subarray(0, bytes.length >> 1));
    },
  });
}

const damaged = () => Promise.all(images.map(async (image) => Boolean(await kit.damagedAt(image))));

test('a scrub calls an original damaged that its disk does not give back, until it does', async () => {
  expect((await scrub(keys.original)).counts).toMatchObject({ images: 2, damaged: 1 });
  expect(await damaged()).toEqual([true, false]);
  expect((await scrub()).counts).toMatchObject({ healed: 1 });
  expect(await damaged()).toEqual([false, false]);
});

test('a scrub has a variant made again that its disk does not give back', async () => {
  expect((await scrub(keys.thumb)).counts).toMatchObject({ variants_dropped: 1 });
  expect(await damaged()).toEqual([false, false]);
});

test('a scrub is in doubt, and calls nothing damaged, where the disk gives back nothing at all', async () => {
  await expect(scrub(...((await kit.keys()) as ObjectKey[]))).rejects.toThrow(StoreInDoubt);
  expect(await damaged()).toEqual([false, false]);
});
