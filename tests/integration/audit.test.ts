import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type AttemptId, newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, type KeyPrefix, type ObjectKey } from '../../src/kernel/object-key';
import { UnknownBucketNamed } from '../../src/modules/maintenance';
import type { ListedObject } from '../../src/modules/maintenance/domain/audit';
import type { LocalObjects } from '../../src/modules/storage/domain/local-objects';
import { s3ConfigFor } from '../contracts/s3-harness';
import { type AuditKit, auditKit } from '../support/audit-kit';
import { s3Server } from '../support/s3-servers';

const [minio, versitygw] = [await s3Server('minio'), await s3Server('versitygw')];

describe.each([
  ['the disk store', true, () => auditKit()],
  ['MinIO', minio !== null, () => auditKit(minio ? { s3: s3ConfigFor(minio) } : {})],
  ['versitygw', versitygw !== null, () => auditKit(versitygw ? { s3: s3ConfigFor(versitygw) } : {})],
] as const)('an audit of %s', (name, isThere, start) => {
  const promise = isThere ? test : test.skip;
  let kit: AuditKit;
  beforeAll(async () => {
    if (isThere) kit = await start();
  }, 120_000);
  afterAll(() => kit?.stop());
  beforeEach(() => (isThere ? kit.empty() : undefined));

  const damaged = async () =>
    (
      await kit.db.sql<{ key: string }>(
        "select substring(original_s3_url from '^s3://[^/]+/(.*)$') as key from product_images where damaged_at is not null order by 1",
      )
    ).map(({ key }) => key);

  /** Changed by a disk: no store is asked. On S3 somebody has put other bytes there. */
  async function flipByte(key: ObjectKey): Promise<void> {
    const bytes = new Uint8Array(await new Response(await kit.store.get(key)).arrayBuffer());
    bytes[bytes.length >> 1]! ^= 1;
    if (kit.store.kind === 's3') return await kit.replace(key, bytes);
    const local = await (kit.storage.store as unknown as LocalObjects).locate(key);
    await Bun.write(local?.path ?? '', bytes);
  }

  /** One of each that can go wrong, among what is well. */
  async function plant() {
    const seller = await kit.seller();
    await kit.aProduct(seller);
    const [gone, cut] = await kit.keysOf(await kit.aProduct(seller, 1)).then((keys) => pick(keys, 'original', 'thumb'));
    const [flipped] = await kit.keysOf(await kit.aProduct(seller, 1)).then((keys) => pick(keys, 'original'));
    await kit.store.deleteMany([gone!]);
    await kit.replace(cut!, Buffer.from('shorter'));
    await flipByte(flipped!);
    const orphan = await kit.strayObject();
    const [id, productId] = [newId<AttemptId>(), newId<ProductId>()];
    const prefix = attemptPrefix(productId, id);
    await kit.storage.journal.open({ id, kind: 'upload', productId, prefix });
    await kit.strayObject('an upload under way', prefix);
    const buried = await kit.strayObject('a late put');
    await kit.db.sql(
      "insert into intents (kind, prefix, state, expires_at, tombstone_until) values ('delete', $1, 'tombstone', now(), now() + interval '1 hour')",
      [buried],
    );
    return { gone, cut, flipped, orphan } as { gone: ObjectKey; cut: ObjectKey; flipped: ObjectKey; orphan: ObjectKey };
  }

  promise('finds exactly what was planted, and only looks unless it is told to act', async () => {
    const { gone, cut, flipped, orphan } = await plant();
    const before = await kit.keys();
    const report = await kit.tasks().audit({ mode: 'look', deep: true });
    expect(report).toMatchObject({ outcome: 'ok', dryRun: true });
    expect(await kit.findings()).toEqual({
      [gone]: 'missing found',
      [cut]: 'wrong_size found',
      [flipped]: 'wrong_sha256 found',
      [orphan]: 'orphan found',
    });
    expect(report.counts).toMatchObject({ missing: 1, wrong_size: 1, wrong_sha256: 1, orphan: 1 });
    expect(await kit.keys()).toEqual(before);
    expect(await damaged()).toEqual([]);
  });

  promise('that acts moves the orphan, marks images whose original is damaged, and touches nothing else', async () => {
    const { gone, cut, flipped, orphan } = await plant();
    const before = await kit.keys();
    const report = await kit.tasks().audit({ mode: 'act', deep: true });
    expect(await kit.findings()).toEqual({
      [gone]: 'missing reported',
      [cut]: 'wrong_size reported',
      [flipped]: 'wrong_sha256 reported',
      [orphan]: 'orphan quarantined',
    });
    const quarantineKey = `quarantine/${report.runId}/${orphan}` as ObjectKey;
    expect((await kit.keys()).sort()).toEqual([...before.filter((key) => key !== orphan), quarantineKey].sort());
    expect(await kit.read(quarantineKey)).toBe('a stray object');
    expect(await damaged()).toEqual([gone, flipped].sort());
    const again = await kit.tasks().audit({ mode: 'act', deep: true });
    expect(again.counts).toMatchObject({ missing: 1, wrong_size: 1, wrong_sha256: 1 });
    expect(again.counts.orphan).toBeUndefined();
  });

  promise('knows size and digest of processed images, too', async () => {
    const seller = await kit.seller();
    const keys = await Promise.all([1, 1].map(async () => kit.keysOf(await kit.aProduct(seller, 1))));
    const [cut, flipped] = keys.map((of) => pick(of, 'processed')[0]) as [ObjectKey, ObjectKey];
    for (const key of [cut, flipped]) {
      const head = await kit.store.head(key);
      await kit.db.sql(
        'update product_images set processed_sha256 = $1, processed_file_size_bytes = $2 where processed_s3_url like $3',
        [head?.sha256, head?.sizeBytes, `%${key}`],
      );
    }
    await kit.replace(cut, Buffer.from('shorter'));
    await flipByte(flipped);
    await kit.tasks().audit({ mode: 'look', deep: true });
    expect(await kit.findings()).toEqual({ [cut]: 'wrong_size found', [flipped]: 'wrong_sha256 found' });
  });

  promise('does not see a flipped byte unless it looks deeply, or asks S3 for the digest', async () => {
    const { flipped } = await plant();
    await kit.tasks().audit({ mode: 'look' });
    expect(await kit.findings()).not.toHaveProperty([flipped]);
    await kit.tasks({ config: { sampleShare: 1 } }).audit({ mode: 'look' });
    expect(flipped in (await kit.findings())).toBe(name !== 'the disk store');
  });

  promise('leaves an orphan alone that is young', async () => {
    const orphan = await kit.strayObject();
    const report = await kit.tasks({ config: { minAgeSeconds: 3600 } }).audit({ mode: 'act' });
    expect(report.counts).toMatchObject({ orphan: 1, young: 1 });
    expect(await kit.keys()).toEqual([orphan]);
  });

  promise('is not misled by uploads that end while it lists', async () => {
    const seller = await kit.seller();
    const [id, productId] = [newId<AttemptId>(), newId<ProductId>()];
    const prefix = attemptPrefix(productId, id);
    await kit.storage.journal.open({ id, kind: 'upload', productId, prefix });
    const key = await kit.strayObject('x', prefix);
    async function* list(within: KeyPrefix) {
      const listed: ListedObject[] = [];
      for await (const object of kit.store.list(within)) listed.push(object);
      if (String(within) !== 'products/') return yield* listed;
      await kit.aProduct(seller); // rows without a listed object
      yield* listed;
      // the commit: rows in place of the intent
      await kit.db.sql(
        `with gone as (delete from intents where id = $1) update product_images set processed_s3_url = 's3://' || $2
          where id = (select id from product_images where position = 1)`,
        [id, `${kit.storage.store.bucket}/${key}`],
      );
    }
    const report = await kit.tasks({ store: { list } }).audit({ mode: 'act' });
    expect(await kit.findings()).toEqual({});
    expect(report.counts.objects).toBe(1);
  });

  promise('finds the rows of former buckets, and refuses rows of a bucket that it does not know', async () => {
    const seller = await kit.seller();
    const id = await kit.aProduct(seller);
    await kit.db.sql("update image_variants set s3_url = replace(s3_url, $1, 'a-former-one')", [
      kit.storage.store.bucket,
    ]);
    await kit.db.sql('delete from intents');
    await expect(kit.tasks().audit({ mode: 'act' })).rejects.toThrow(UnknownBucketNamed);
    const buckets = [...kit.storage.buckets, 'a-former-one', 'b-former'];
    const namesOf = kit.tasks({ buckets }); // rows of the former bucket name objects of this one
    await namesOf.audit({ mode: 'look' });
    expect(await kit.findings()).toEqual({});
    expect(id).toBeString();
  });
});

function pick(keys: readonly ObjectKey[], ...kinds: string[]): (ObjectKey | undefined)[] {
  return kinds.map((kind) => keys.find((key) => key.includes(`/${kind}.`)));
}
