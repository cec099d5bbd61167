import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { ImageId, ProductId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { StoreInDoubt } from '../../src/modules/maintenance';
import type { ReadableStore } from '../../src/modules/maintenance/infrastructure/staged-digests';
import { s3ConfigFor } from '../contracts/s3-harness';
import { s3Server } from '../support/s3-servers';
import { type UpkeepKit, upkeepKit } from '../support/upkeep-kit';

const minio = await s3Server('minio');
const WHOLE_SET = { bytes: Number.POSITIVE_INFINITY };

describe.each([
  ['the disk store', true, () => upkeepKit()],
  ['MinIO', minio !== null, () => upkeepKit(minio ? { s3: s3ConfigFor(minio) } : {})],
] as const)('a scrub of %s', (_name, isThere, start) => {
  const promise = isThere ? test : test.skip;
  let kit: UpkeepKit;
  let seller: Seller;
  let id: ProductId;
  let first: ImageId;
  let second: ImageId;
  let keys: Awaited<ReturnType<UpkeepKit['images']>>[number]['keys'];

  beforeAll(async () => {
    if (isThere) kit = await start();
  }, 120_000);
  afterAll(() => kit?.stop());
  beforeEach(async () => {
    if (!isThere) return;
    await kit.db.sql('delete from users');
    await kit.db.sql('delete from maintenance_runs');
    await kit.storage.sweep();
    kit.logged.length = 0;
    seller = await kit.seller();
    id = await kit.aProduct(seller);
    const images = await kit.images(id);
    [first, second] = images.map((image) => image.id) as [ImageId, ImageId];
    keys = images[0]!.keys;
  });

  const scrub = (store?: Partial<ReadableStore>) => kit.upkeep(store ? { store: storeWith(store) } : {}).scrub;
  const storeWith = (change: Partial<ReadableStore>): ReadableStore => {
    const { store } = kit.storage;
    const { kind } = store;
    const asIs: ReadableStore = {
      kind,
      get: (key) => store.get(key),
      head: (key) => store.head(key),
      list: (prefix, after) => store.list(prefix, after),
      check: () => store.check(),
    };
    return { ...asIs, ...change };
  };
  const bytesOf = async (key: ObjectKey) => new Response(await kit.storage.store.get(key)).bytes();
  const flipped = async (key: ObjectKey) => {
    const bytes = await bytesOf(key);
    bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  };
  const damaged = () => Promise.all([first, second].map(async (image) => Boolean(await kit.damagedAt(image))));

  promise('reads originals, processed images and variants, and finds nothing where nothing is', async () => {
    const report = await scrub()(WHOLE_SET);
    expect(report).toMatchObject({ outcome: 'ok', counts: { images: 2, objects: 5, rounds: 1 } });
    const sizes = await Promise.all((await kit.keysOf(id)).map(async (key) => (await bytesOf(key)).length));
    expect(report.counts.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(await damaged()).toEqual([false, false]);
    expect(await kit.temporaryFiles()).toEqual([]);
  });

  promise('finds one flipped bit, tells whose, and sees when it is right again', async () => {
    const right = await bytesOf(keys.original);
    await kit.replace(keys.original, await flipped(keys.original));
    const report = await scrub()(WHOLE_SET);
    expect(report).toMatchObject({ outcome: 'ok', counts: { images: 2, damaged: 1 } });
    expect(await damaged()).toEqual([true, false]);
    expect(kit.logged).toContainEqual({
      fields: { product_id: id, image_id: first, kind: 'original', verdict: 'wrong' },
      message: 'a stored object is damaged',
    });
    const since = await kit.damagedAt(first);
    await scrub()(WHOLE_SET);
    expect(await kit.damagedAt(first)).toEqual(since);
    await kit.replace(keys.original, right);
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ healed: 1 });
    expect(await damaged()).toEqual([false, false]);
  });

  promise('finds an object that is gone', async () => {
    await kit.storage.store.deleteMany([keys.original]);
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ damaged: 1 });
    expect(await damaged()).toEqual([true, false]);
  });

  promise('drops a damaged variant, so that it is made again, and its object goes', async () => {
    const thumb = keys.thumb as ObjectKey;
    await kit.db.sql('update product_images set prepared_at = now()');
    await kit.replace(thumb, await flipped(thumb));
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ variants_dropped: 1 });
    expect(await damaged()).toEqual([false, false]);
    const rows = await kit.db.sql('select prepared_at is null as unprepared from product_images order by position');
    expect(rows).toEqual([{ unprepared: true }, { unprepared: false }]);
    expect((await kit.images(id))[0]?.keys).toEqual({ ...keys, thumb: null });
    await kit.storage.sweep();
    expect(await kit.keys()).not.toContain(thumb);
    await kit.expectClean();
  });

  promise('keeps a damaged variant whose original is damaged too', async () => {
    const thumb = keys.thumb as ObjectKey;
    for (const key of [keys.original, thumb]) await kit.replace(key, await flipped(key));
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ damaged: 1, variants_damaged: 1 });
    expect((await kit.images(id))[0]?.keys).toEqual(keys);
  });

  promise(
    'knows a processed image by what the worker had announced, also when its URLs were revoked since',
    async () => {
      const digest = (await kit.storage.store.head(keys.processed as ObjectKey))?.sha256;
      await kit.db.sql('update product_images set processed_sha256 = $2 where id = $1', [first, digest]);
      await kit.revoke(seller, id);
      expect((await scrub()(WHOLE_SET)).counts.damaged).toBeUndefined();
      const processed = (await kit.images(id))[0]?.keys.processed as ObjectKey;
      await kit.replace(processed, await flipped(processed));
      expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ damaged: 1 });
      expect(await damaged()).toEqual([true, false]);
    },
  );

  promise('calls nothing damaged that is right when it is read again', async () => {
    let reads = 0;
    const get: ReadableStore['get'] = async (key) =>
      key === keys.original && reads++ === 0 ? new Response('half an answer').body! : kit.storage.store.get(key);
    const { counts } = await scrub({ get })(WHOLE_SET);
    expect(reads).toBe(2);
    expect(counts.damaged).toBeUndefined();
    expect(await damaged()).toEqual([false, false]);
  });

  promise('calls nothing damaged that was moved to another key meanwhile', async () => {
    let reads = 0;
    const get: ReadableStore['get'] = async (key) => {
      if (key === keys.original && reads++ === 0) {
        await kit.revoke(seller, id); // every object of the product is under another key now
      }
      return kit.storage.store.get(key);
    };
    const { counts } = await scrub({ get })(WHOLE_SET);
    expect(reads).toBe(1);
    expect(counts).toMatchObject({ images: 2 });
    expect([counts.damaged, counts.variants_dropped]).toEqual([undefined, undefined]);
    expect(await damaged()).toEqual([false, false]);
    await kit.expectClean();
  });

  promise('calls nothing damaged that was deleted meanwhile', async () => {
    const get: ReadableStore['get'] = async (key) => {
      if (key !== keys.original) return kit.storage.store.get(key);
      await kit.db.sql('delete from products');
      await kit.storage.sweep();
      return kit.storage.store.get(key);
    };
    const { counts } = await scrub({ get })(WHOLE_SET);
    expect([counts.damaged, counts.moving]).toEqual([undefined, undefined]);
    expect(kit.logged).toEqual([]);
  });

  promise('passes by a row that names a bucket which nobody knows', async () => {
    await kit.db.sql("update product_images set original_s3_url = 's3://elsewhere/x' where id = $1", [first]);
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ images: 2, unreadable: 1 });
    expect(await damaged()).toEqual([false, false]);
  });

  promise('writes no damage to a row that names other bytes by then', async () => {
    await kit.replace(keys.original, await flipped(keys.original));
    let reads = 0;
    const get: ReadableStore['get'] = async (key) => {
      const body = await kit.storage.store.get(key);
      if (key === keys.original && ++reads === 2)
        await kit.db.sql('update product_images set original_s3_url = $1 where id = $2', [
          `s3://${kit.storage.store.bucket}/${keys.original}.moved`,
          first,
        ]);
      return body;
    };
    const { counts } = await scrub({ get })(WHOLE_SET);
    // Under its new name there is nothing: that is what it says in the end, of the key that the row has.
    expect(counts).toMatchObject({ damaged: 1 });
    expect(kit.logged.map(({ fields }) => fields.verdict)).toContain('missing');
  });

  promise('ends where the store is away, calls nothing damaged, and goes on from there', async () => {
    const away = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));
    await expect(scrub({ get: away, check: away })(WHOLE_SET)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    const [run] = await kit.db.sql('select outcome, counts from maintenance_runs order by id desc limit 1');
    expect(run).toMatchObject({ outcome: 'failed', counts: {} });
    expect(await damaged()).toEqual([false, false]);
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ images: 2 });
  });

  promise('is in doubt, and calls nothing damaged, where the store has nothing of a few images', async () => {
    await kit.storage.store.deleteMany((await kit.keys()) as ObjectKey[]);
    for (const bytes of [WHOLE_SET.bytes, 1]) await expect(scrub()({ bytes })).rejects.toThrow(StoreInDoubt);
    expect(await damaged()).toEqual([false, false]);
    expect((await scrub()({ ...WHOLE_SET, believesStore: true })).counts).toMatchObject({ damaged: 3 });
    expect(await damaged()).toEqual([true, true]);
  });

  promise('asks the store whether it is there before it calls an object gone', async () => {
    await kit.storage.store.deleteMany([keys.original]);
    const check = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));
    await expect(scrub({ check })(WHOLE_SET)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await damaged()).toEqual([false, false]);
  });

  promise('calls the last image damaged where the store is well, and not where it went away on the way', async () => {
    const last = (await kit.images(id))[1]!.keys.original;
    let wasRead = false;
    const get: ReadableStore['get'] = async (key) => {
      wasRead ||= key === last;
      return kit.storage.store.get(wasRead ? (`${key}.elsewhere` as ObjectKey) : key);
    };
    await expect(scrub({ get })(WHOLE_SET)).rejects.toThrow(StoreInDoubt);
    expect(await damaged()).toEqual([false, false]);
    await kit.replace(last, await flipped(last));
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ damaged: 1, rounds: 1 });
    expect(await damaged()).toEqual([false, true]);
  });

  promise('passes by an object that alone can’t be read, and says so', async () => {
    const get: ReadableStore['get'] = (key) =>
      key === keys.original ? Promise.reject(new AppError('STORAGE_UNAVAILABLE')) : kit.storage.store.get(key);
    expect((await scrub({ get })(WHOLE_SET)).counts).toMatchObject({ images: 2, unreadable: 1 });
    expect(await damaged()).toEqual([false, false]);
  });

  promise('reads the whole set where it is to, wherever the last run ended', async () => {
    expect((await scrub()({ bytes: 1 })).counts).toMatchObject({ images: 1 });
    expect((await scrub()(WHOLE_SET)).counts).toMatchObject({ images: 2, objects: 5, rounds: 1 });
    expect((await scrub()({ bytes: 1 })).counts).toMatchObject({ images: 1 });
  });

  promise('reads so many bytes in a run, and the next goes on behind them until all are covered', async () => {
    await kit.aProduct(seller, 3);
    const seen: string[][] = [];
    for (let run = 0; run < 6; run += 1) {
      const keysRead: string[] = [];
      const get: ReadableStore['get'] = (key) => {
        keysRead.push(key);
        return kit.storage.store.get(key);
      };
      const { counts } = await scrub({ get })({ bytes: 1 }); // one image is the least
      expect(counts.images ?? 0).toBe(run < 5 ? 1 : 0); // counts are of a run, not of the round
      seen.push(keysRead);
    }
    const all = (await kit.keys()).sort();
    expect(seen.slice(0, 5).flat().sort()).toEqual(all);
    // The last image ended the budget, not the round: the sixth run finds the end, and the seventh begins again.
    expect(seen[5]).toEqual([]);
    expect((await scrub()({ bytes: 1 })).counts).toMatchObject({ images: 1 });
  });
});
