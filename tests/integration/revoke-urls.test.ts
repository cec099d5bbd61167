import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ProductId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { s3ConfigFor } from '../contracts/s3-harness';
import { type RevocationKit, revocationKit, statusesOf } from '../support/revocation-kit';
import { s3Server } from '../support/s3-servers';

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

const all = (status: number, urls: readonly unknown[]) => urls.map(() => status);

describe.each([
  ['the disk store', true, null],
  ['MinIO', minio !== null, minio],
  ['versitygw', versitygw !== null, versitygw],
] as const)('revoking the URLs of a product on %s', (_name, isThere, server) => {
  const promise = isThere ? test : test.skip;
  let kit: RevocationKit;
  let seller: Seller;
  let id: ProductId;
  beforeAll(async () => {
    if (isThere) kit = await revocationKit({ s3: server && s3ConfigFor(server) });
  }, 60_000);
  afterAll(async () => {
    await kit?.stop();
  });
  beforeEach(async () => {
    if (!isThere) return;
    seller = await kit.seller();
    id = await kit.aProduct(seller);
  });

  promise('kills every URL that was issued for it, and gives new ones of the same bytes', async () => {
    const [keys, contents] = [await kit.keysOf(id), await kit.contents(id)];
    const old = kit.signed(keys);
    expect(old).toHaveLength(5);
    expect(await statusesOf(old)).toEqual(all(200, old));
    const product = await kit.revoke(seller, id);
    expect(await statusesOf(old)).toEqual(all(404, old));
    const fresh = product.images
      .flatMap(({ urls }) => [urls.original, urls.thumb, urls.processed])
      .filter((url) => url);
    expect(fresh).toHaveLength(4);
    expect(await statusesOf(fresh as string[])).toEqual(all(200, fresh));
    expect(await kit.contents(id)).toEqual(contents);
    await kit.expectClean();
  });

  promise('leaves the URLs of every other product alone', async () => {
    const other = await kit.aProduct(seller);
    const urls = kit.signed(await kit.keysOf(other));
    await kit.revoke(seller, id);
    expect(await statusesOf(urls)).toEqual(all(200, urls));
  });

  promise('also kills those that an earlier revocation, which died, has left', async () => {
    const first = kit.signed(await kit.keysOf(id));
    const died = new Error('killed');
    await expect(kit.revoke(seller, id, { drainProduct: () => Promise.reject(died) })).rejects.toBe(died);
    expect(await statusesOf(first)).toEqual(all(200, first)); // nothing answered 200 so far
    const second = kit.signed(await kit.keysOf(id));
    await kit.revoke(seller, id);
    expect(await statusesOf([...first, ...second])).toEqual(all(404, [...first, ...second]));
    await kit.expectClean();
  });

  promise('by many callers at once answers all of them, and no old key is left', async () => {
    const old = kit.signed(await kit.keysOf(id));
    const contents = await kit.contents(id);
    await Promise.all(Array.from({ length: 3 }, () => kit.revoke(seller, id)));
    expect(await statusesOf(old)).toEqual(all(404, old));
    expect(await kit.contents(id)).toEqual(contents);
    await kit.expectClean();
  });

  promise('keeps an old PUT URL from bringing an old key back: what it brings goes with the next sweep', async () => {
    const before = await kit.deps.products.find(seller, id);
    const key = before!.images[1]!.keys.original;
    const bytes = await (await fetch(kit.signed([key])[0]!)).bytes();
    const issuedAt = new Date(Math.floor(Date.now() / 1000) * 1000);
    const putExpiresAt = new Date(issuedAt.getTime() + 3_600_000);
    const declared = { contentType: 'image/jpeg', sizeBytes: bytes.length, sha256: sha256OfBytes(bytes) };
    const put = kit.storage.store.signPut({ key, issuedAt, expiresAt: putExpiresAt, ...declared });
    await kit.db.sql('update product_images set put_expires_at = $1 where product_id = $2', [putExpiresAt, id]);
    await kit.revoke(seller, id);
    const late = await fetch(put.url, { method: 'PUT', headers: put.headers, body: bytes });
    expect(late.status).toBe(200); // the store knows no revocation of a PUT
    await kit.storage.sweep();
    expect(await statusesOf(kit.signed([key]))).toEqual([404]);
    const [left] = await kit.db.sql<{ seconds: number }>(
      'select extract(epoch from tombstone_until - $2::timestamptz)::int as seconds from intents where prefix = $1',
      [key, putExpiresAt],
    );
    expect(left?.seconds).toBe(3600); // PUT_MAX_DURATION_SECONDS behind its expiry, sweeps go on deleting
  });

  promise('lets who read meanwhile find the object again by its row', async () => {
    const [seen] = (await kit.deps.products.find(seller, id))!.images;
    await kit.revoke(seller, id);
    await expect(kit.storage.store.get(seen!.keys.original)).rejects.toThrow('no such object');
    const [again] = (await kit.deps.products.find(seller, id))!.images;
    const bytes = await new Response(await kit.storage.store.get(again!.keys.original)).bytes();
    expect(sha256OfBytes(bytes)).toBe(seen!.sha256);
  });

  promise('revokes the rest where an object is not there any more, and loses nothing more', async () => {
    const keys = await kit.keysOf(id);
    const [lost, ...rest] = keys as [ObjectKey, ...ObjectKey[]];
    await kit.storage.store.deleteMany([lost]);
    const old = kit.signed(rest);
    await kit.revoke(seller, id);
    expect(await statusesOf(old)).toEqual(all(404, old));
    const now = await kit.keysOf(id);
    expect(now).toHaveLength(keys.length);
    expect(now.filter((key) => keys.includes(key))).toEqual([lost]); // what names it is how it is found again
  });

  promise('kills those of an object that was lost, when it is asked for again after the object is back', async () => {
    const [lost] = (await kit.keysOf(id)) as [ObjectKey];
    const bytes = await new Response(await kit.storage.store.get(lost)).bytes();
    const old = kit.signed([lost]);
    await kit.storage.store.deleteMany([lost]);
    await kit.revoke(seller, id);
    await kit.put(lost, bytes);
    expect(await statusesOf(old)).toEqual([200]); // why docs/backup-runbooks.md wants it done again
    await kit.revoke(seller, id);
    expect(await statusesOf(old)).toEqual([404]);
  });
});
