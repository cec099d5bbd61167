import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import { type AttemptId, newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { MigrateDeps } from '../../src/modules/storage/application/migrate-objects';
import type { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { readAll } from '../contracts/object-samples';
import { FORMER, type MigrationChange, type MigrationKit, migrationKit } from '../support/migration-kit';

let kit: MigrationKit;
let target: DiskStore;

beforeAll(async () => {
  kit = await migrationKit();
});
afterAll(() => kit.stop());
beforeEach(async () => {
  target = await kit.begin();
});

const migrate = (change?: MigrationChange) => kit.migrate(target, change);
const upload = () => kit.upload();
const onTarget = () => kit.keysOn(target);
const put: MigrationKit['put'] = (store, key, bytes) => kit.put(store, key, bytes);
const bytesAt = async (key: string) => readAll(await target.get(key as ObjectKey));
const NOTHING = { copied: 0, copiedBytes: 0, present: 0, gone: 0, problems: 0, unnamed: 0, pruned: 0 };

describe('a migration', () => {
  test('copies what rows name, originals, processed images and variants, byte for byte', async () => {
    await upload();
    const [image] = await kit.db.sql<{ id: string; product_id: ProductId }>(
      'select id, product_id from product_images where position = 0',
    );
    const prefix = attemptPrefix(image!.product_id, newId<AttemptId>());
    const [processed, thumb] = [`${prefix}${image!.id}/processed.webp`, `${prefix}${image!.id}/thumb.jpg`];
    await put(kit.storage.store, processed, 'processed bytes');
    await put(kit.storage.store, thumb, 'thumb bytes');
    await put(kit.storage.store, `${prefix}${image!.id}/nobody.jpg`, 'named by nothing');
    await kit.db.sql('update product_images set processed_s3_url = $1 where id = $2', [
      `s3://${FORMER}/${processed}`,
      image!.id,
    ]);
    await kit.db.sql(
      `insert into image_variants (image_id, variant, s3_url, sha256, file_size_bytes, resolution_width, resolution_height)
        values ($1, 'thumb', $2, $3, 11, 320, 240)`,
      [image!.id, `s3://${FORMER}/${thumb}`, sha256OfBytes('thumb bytes')],
    );
    const { report, problems, progress } = await migrate();
    const bytes = kit.photos.reduce((sum, each) => sum + each.length, 'processed bytes'.length + 'thumb bytes'.length);
    expect([report, problems]).toEqual([{ ...NOTHING, copied: 4, copiedBytes: bytes }, []]);
    expect(progress.at(-1)).toEqual({ done: 4, total: 4, copiedBytes: bytes });
    expect(await onTarget()).toHaveLength(4);
    expect(Buffer.from(await bytesAt(processed)).toString()).toBe('processed bytes');
    expect(await kit.temporaryFiles()).toEqual([]);
  });

  test('repeated copies what has come since, and nothing twice', async () => {
    await upload();
    await migrate();
    await upload();
    expect((await migrate()).report).toMatchObject({ copied: 2, present: 2 });
    expect((await migrate()).report).toMatchObject({ copied: 0, present: 4 });
  });

  test('that broke off goes on where it was', async () => {
    for (let n = 0; n < 6; n += 1) await upload();
    let puts = 0;
    const broken: MigrateDeps['target'] = Object.assign(Object.create(target), {
      put: (...args: Parameters<DiskStore['put']>) => {
        puts += 1;
        return puts > 5 ? Promise.reject(new Error('the machine went down')) : target.put(...args);
      },
    });
    await expect(migrate({ deps: { target: broken } })).rejects.toThrow('the machine went down');
    expect(await kit.temporaryFiles()).toEqual([]);
    expect((await migrate()).report).toMatchObject({ copied: 7, present: 5 });
    expect(await onTarget()).toEqual(await kit.keys());
  });

  test('is not ended by a store that fails now and then', async () => {
    for (let n = 0; n < 3; n += 1) await upload();
    let gets = 0;
    const source: MigrateDeps['source'] = Object.assign(Object.create(kit.storage.store), {
      get: (key: ObjectKey) => {
        gets += 1;
        return gets === 2 ? Promise.reject(new AppError('STORAGE_UNAVAILABLE')) : kit.storage.store.get(key);
      },
    });
    expect((await migrate({ deps: { source } })).report).toMatchObject({ copied: 6, problems: 0 });
  });

  test('takes along what living attempts have written, and nothing of the dead', async () => {
    const [open, dead] = [newId<AttemptId>(), newId<AttemptId>()];
    const productId = newId<ProductId>();
    for (const id of [open, dead]) {
      const prefix = attemptPrefix(productId, id);
      await kit.storage.journal.open({ id, kind: 'upload', productId, prefix });
      await put(kit.storage.store, `${prefix}${newId()}/original.jpg`, `of ${id}`);
    }
    await kit.db.sql("update intents set state = 'draining' where id = $1", [dead]);
    expect((await migrate()).report).toMatchObject({ copied: 1, unnamed: 0 });
    expect((await onTarget())[0]).toStartWith(attemptPrefix(productId, open));
  });

  test.each([false, true])(
    'takes along what is in quarantine, or on its way there or back (prune: %p)',
    async (prune) => {
      await kit.db.sql('delete from quarantined_objects');
      const source = kit.storage.store;
      const quarantined = async (state: string, ...at: ('key' | 'quarantine_key')[]) => {
        const key = `${attemptPrefix(newId<ProductId>(), newId<AttemptId>())}${newId()}/original.jpg`;
        const keys = { key, quarantine_key: `quarantine/1/${key}` };
        await kit.db.sql(
          `insert into quarantined_objects (key, quarantine_key, file_size_bytes, sha256, state, reason) values ($1, $2, $3, $4, $5, 'x')`,
          [keys.key, keys.quarantine_key, state.length, sha256OfBytes(state), state],
        );
        return await Promise.all(at.map((name) => put(source, keys[name], state)));
      };
      const keys = [
        ...(await quarantined('held', 'quarantine_key')),
        ...(await quarantined('moving', 'key')),
        ...(await quarantined('releasing', 'quarantine_key')),
      ];
      const { report, problems } = await migrate({ prune });
      await kit.db.sql('delete from quarantined_objects');
      expect(problems).toEqual([]);
      expect(report).toMatchObject({ copied: 3, problems: 0, unnamed: 0 });
      expect((await onTarget()).sort()).toEqual([...keys].sort());
    },
  );

  test('reads the bytes where a store keeps no digest of them', async () => {
    await upload();
    await kit.db.sql("update product_images set processed_s3_url = replace(original_s3_url, 'original', 'processed')");
    const [image] = await kit.db.sql<{ url: string }>('select processed_s3_url as url from product_images limit 1');
    await kit.db.sql('update product_images set processed_s3_url = null where processed_s3_url <> $1', [image!.url]);
    const processed = new URL(image!.url).pathname.slice(1);
    await put(kit.storage.store, processed, 'processed bytes');
    const keepsNone = <Store extends Pick<DiskStore, 'head'>>(store: Store): Store =>
      Object.assign(Object.create(store), {
        head: async (key: ObjectKey) => {
          const head = await store.head(key);
          return head && { ...head, sha256: null };
        },
      });
    const deps = { source: keepsNone(kit.storage.store), target: keepsNone(target) };
    expect((await migrate({ deps })).report).toMatchObject({ copied: 3, problems: 0 });
    expect((await migrate({ deps })).report).toMatchObject({ present: 3, problems: 0 });
    await target.deleteMany([processed as ObjectKey]);
    await put(target, processed, 'other bytes');
    expect((await migrate({ deps })).problems).toEqual([{ key: processed as ObjectKey, problem: 'differs' }]);
  });

  test('holds one object of each of eight lanes, however many there are', async () => {
    for (let n = 0; n < 10; n += 1) await upload();
    let staged = 0;
    let most = 0;
    const staging: MigrateDeps['staging'] = {
      async open() {
        staged += 1;
        most = Math.max(most, staged);
        const inner = await kit.staging.open();
        return Object.assign(Object.create(inner), {
          remove: () => {
            staged -= 1;
            return inner.remove();
          },
        });
      },
    };
    expect((await migrate({ deps: { staging } })).report).toMatchObject({ copied: 20 });
    expect([staged, most]).toEqual([0, 8]);
  });

  test('finds every object of more images than one page of rows', async () => {
    await kit.db.sql(`
      insert into products (id, user_id, prompt_text) values ('${newId()}', '${kit.seller.userId}', 'as many photos as that');
      insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
          resolution_width, resolution_height, position, is_primary)
        select gen_random_uuid(), id, 's3://${FORMER}/products/x/' || n, repeat('0', 64), 1, 'jpeg', 800, 600, n, n = 0
        from products, generate_series(0, 1200) n`);
    const { report, problems } = await migrate();
    expect(report).toMatchObject({ problems: 1201, copied: 0 });
    expect(new Set(problems.map(({ key }) => key)).size).toBe(1201);
  });
});

describe('what a migration cannot copy', () => {
  test('is named: lost at the source, other bytes than its row says, other bytes on the target', async () => {
    for (let n = 0; n < 2; n += 1) await upload();
    const keys = (await kit.keys()) as [ObjectKey, ObjectKey, ObjectKey, ObjectKey];
    const [lost, damaged, differs] = keys;
    await kit.storage.store.deleteMany([lost, damaged]);
    await put(kit.storage.store, damaged, 'not what the seller sent');
    await put(target, differs, 'somebody else’s');
    const { report, problems } = await migrate();
    expect(report).toMatchObject({ copied: 1, problems: 3 });
    expect(problems.toSorted((a, b) => a.problem.localeCompare(b.problem))).toEqual([
      { key: damaged, problem: 'damaged' },
      { key: differs, problem: 'differs' },
      { key: lost, problem: 'missing' },
    ]);
    expect(await onTarget()).toEqual([differs, keys[3]].toSorted());
    expect(Buffer.from(await bytesAt(differs)).toString()).toBe('somebody else’s');
  });

  test('because it was deleted meanwhile is no problem', async () => {
    const id = await upload();
    const source: MigrateDeps['source'] = Object.assign(Object.create(kit.storage.store), {
      head: async (key: ObjectKey) => {
        await kit.db.sql('delete from products where id = $1', [id]);
        await kit.storage.sweep();
        return kit.storage.store.head(key);
      },
    });
    expect((await migrate({ deps: { source } })).report).toMatchObject({ copied: 0, gone: 2, problems: 0 });
    expect(await onTarget()).toEqual([]);
  });

  test('in a bucket that nobody has named ends it: the configuration is wrong', async () => {
    await upload();
    await kit.db.sql("update product_images set original_s3_url = 's3://unknown/a/b' where position = 0");
    await expect(migrate()).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('what was deleted after it was copied', () => {
  test('is counted, and deleted from the target where that is asked for', async () => {
    const [first] = [await upload(), await upload()];
    await migrate();
    await kit.db.sql('delete from products where id = $1', [first]);
    await kit.storage.sweep();
    await kit.db.sql('delete from intents'); // the tombstones' time is over
    expect((await migrate()).report).toMatchObject({ present: 2, unnamed: 2, pruned: 0 });
    expect(await onTarget()).toHaveLength(4);
    expect((await migrate({ prune: true })).report).toMatchObject({ unnamed: 2, pruned: 2 });
    expect(await onTarget()).toEqual(await kit.keys());
  });

  test('is left alone where anything names it, or where it is not of this software', async () => {
    await upload();
    await migrate();
    const [productId, attempt, tombstone] = [newId<ProductId>(), newId<AttemptId>(), newId<AttemptId>()];
    const kept = [
      await put(target, `${attemptPrefix(productId, attempt)}${newId()}/original.jpg`, 'of a living attempt'),
      await put(target, `${attemptPrefix(productId, tombstone)}${newId()}/original.jpg`, 'the sweep will delete it'),
      await put(target, 'products/catalogue.json', 'somebody else’s'),
      await put(target, 'held/backup/products/x', 'of a backup'),
    ];
    for (const id of [attempt, tombstone]) {
      await kit.storage.journal.open({ id, kind: 'direct', productId, prefix: attemptPrefix(productId, id) });
    }
    await kit.db.sql("update intents set state = 'tombstone', tombstone_until = now() where id = $1", [tombstone]);
    const { report } = await migrate({ prune: true });
    expect(report).toMatchObject({ present: 2, unnamed: 0, pruned: 0 });
    expect(await onTarget()).toEqual([...(await kit.keys()), ...kept].toSorted());
  });
});
