import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { generateX25519Identity } from 'age-encryption';
import type { ProductId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { BackedObject } from '../../src/modules/backup/domain/backed-object';
import type { Manifest } from '../../src/modules/backup/domain/manifest';
import { s3ConfigFor } from '../contracts/s3-harness';
import { type BackupKit, type BackupKitOptions, backupKit } from '../support/backup-kit';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { PROMPT, productParts } from '../support/upload-kit';

const minio = await s3Server('minio');
const identity = await generateX25519Identity();

const targets: [string, () => BackupKitOptions][] = [
  ['a folder', () => ({})],
  ['a folder, encrypted', () => ({ encryption: { identity, former: [] } })],
];
if (minio)
  targets.push([
    'MinIO to MinIO, encrypted',
    () => ({ s3: s3ConfigFor(minio), targetS3: s3ConfigFor(minio), encryption: { identity, former: [] } }),
  ]);

describe.each(targets)('a backup to %s', (_, options) => {
  let kit: BackupKit;
  let seller: Seller;
  let ids: ProductId[];

  beforeAll(async () => {
    kit = await backupKit(options());
    seller = await kit.seller();
    ids = [await kit.aProduct(seller), await kit.aProduct(seller, 3)];
  }, 60_000);
  afterAll(() => kit.stop());

  test('holds every row of every table, and every object that a row names, byte for byte', async () => {
    const manifest = await kit.backup();
    const backup = await kit.reading.open(manifest.backupId);
    for (const { name, lines, columns } of manifest.tables) {
      const [row] = await kit.db.sql<{ n: number }>(`select count(*)::int as n from "${name}"`);
      // written by the backup itself
      if (!['maintenance_runs', 'backup_digests'].includes(name)) expect([name, lines]).toEqual([name, row!.n]);
      expect(columns.length).toBeGreaterThan(0);
    }
    expect(await text(backup.rows('products'))).toContain(ids[0]!);
    expect(orderOf(manifest)).toEqual([true, true, true]);
    const objects = await all(backup.objects());
    const named = (await Promise.all(ids.map((id) => kit.keysOf(id)))).flat();
    expect(objects.map(({ key }) => key).sort()).toEqual(named.sort());
    for (const object of objects) {
      const bytes = await whole(await backup.open(object));
      expect(sha256OfBytes(bytes)).toBe((await kit.storage.store.head(object.key))!.sha256!);
    }
    expect(manifest.objects.absent.lines).toBe(0);
    expect(await kit.targetKeys(`backups/${manifest.backupId}/manifest.pending`)).toEqual([]);
    expect(await kit.db.sql('select 1 from backup_pins')).toEqual([]);
  }, 60_000);

  test('the next one sends new objects alone, and the target learns no digest where it is encrypted', async () => {
    await kit.backup();
    const before = (await kit.targetKeys('objects/')).length;
    const one = await photo({ seed: 77 });
    await kit.create(seller, productParts(PROMPT, [one, one]));
    const manifest = await kit.backup();
    // the same picture twice is one blob
    expect(manifest.objects.sent.count).toBe(1);
    expect(manifest.objects.sent.bytes).toBe(one.byteLength);
    const blobs = await kit.targetKeys('objects/');
    expect(blobs.length).toBe(before + 1);
    const isNamedByDigest = blobs.some((key) => key.endsWith(sha256OfBytes(one)));
    expect(isNamedByDigest).toBe(kit.codec.encryption === 'none');
    const clear = (await Promise.all(blobs.map((key) => kit.stored(key)))).some((bytes) =>
      bytes.includes(one.subarray(0, 64)),
    );
    expect(clear).toBe(kit.codec.encryption === 'none');
  }, 60_000);

  test('digests that no row tells are read once', async () => {
    await kit.backup();
    let heads = 0;
    const source = { ...sourceOf(kit), head: (key: ObjectKey) => kit.storage.store.head(key).finally(() => heads++) };
    const manifest = await kit.backup({ source });
    expect(heads).toBe(0);
    const processed = (await all((await kit.reading.open(manifest.backupId)).objects())).filter(
      ({ role }) => role === 'processed',
    );
    expect(processed.length).toBe(2);
  }, 60_000);

  test('verification reads all of it and marks it', async () => {
    const manifest = await kit.backup();
    const report = await kit.parts().verify({ id: manifest.backupId, share: 1 });
    expect(report.counts.objects_read).toBe(manifest.objects.present + manifest.objects.sent.count);
    expect(report.counts.problems).toBeUndefined();
    const listed = (await kit.parts().listed()).find(({ id }) => id === manifest.backupId);
    expect(listed?.verifiedAt).toBeDate();
  }, 60_000);
});

function sourceOf(kit: BackupKit) {
  const { store } = kit.storage;
  return {
    bucket: store.bucket,
    get: store.get.bind(store),
    head: store.head.bind(store),
    check: store.check.bind(store),
  };
}

/** Rows that others refer to come first. */
function orderOf({ tables }: Manifest): boolean[] {
  const at = (name: string) => tables.findIndex((table) => table.name === name);
  return [
    at('users') < at('products'),
    at('products') < at('product_images'),
    at('product_images') < at('image_variants'),
  ];
}

async function all(objects: AsyncIterable<BackedObject>): Promise<BackedObject[]> {
  return await Array.fromAsync(objects);
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes));
}

async function text(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  return (await whole(bytes)).toString();
}
