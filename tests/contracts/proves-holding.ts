import { describe, expect, test } from 'bun:test';
import { sha256OfBytes } from '../../src/kernel/sha256';
import {
  ChecksumMismatch,
  ObjectExists,
  ObjectMissing,
  RangeNotSatisfiable,
} from '../../src/modules/storage/domain/store-errors';
import { bytesOf, freshPrefix, keyUnder, listAll, readAll } from './object-samples';
import type { ContractContext } from './object-store';

export function provesHolding(context: () => ContractContext): void {
  describe('put, get and head', () => {
    test('gives back the bytes that were put, and tells their size, type and sha-256', async () => {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), 'original.jpg');
      const bytes = bytesOf(100_000);
      const before = Date.now();
      await store.put(key, await samples.of(bytes), 'image/jpeg');
      expect(await readAll(await store.get(key))).toEqual(bytes);
      const head = await store.head(key);
      expect(head).toMatchObject({ key, sizeBytes: 100_000, contentType: 'image/jpeg', sha256: sha256OfBytes(bytes) });
      expect(Math.abs((head?.lastModified.getTime() ?? 0) - before)).toBeLessThan(10_000);
    });

    for (const [size, words] of [
      [0, 'of no byte'],
      [50 * 1024 * 1024, 'of 50 MB'],
    ] as const) {
      test(`keeps an object ${words}`, async () => {
        const { store, samples } = context();
        const key = keyUnder(freshPrefix(), 'original.png');
        const bytes = bytesOf(size);
        await store.put(key, await samples.of(bytes), 'image/png');
        expect(await store.head(key)).toMatchObject({ sizeBytes: size, sha256: sha256OfBytes(bytes) });
        expect(sha256OfBytes(await readAll(await store.get(key)))).toBe(sha256OfBytes(bytes));
      });
    }

    test('gives ranges, both ends included, and ends them with the object', async () => {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), 'original.jpg');
      const bytes = bytesOf(300_000);
      await store.put(key, await samples.of(bytes), 'image/jpeg');
      expect(await readAll(await store.get(key, { start: 0, end: 0 }))).toEqual(bytes.slice(0, 1));
      expect(await readAll(await store.get(key, { start: 1000, end: 280_000 }))).toEqual(bytes.slice(1000, 280_001));
      expect(await readAll(await store.get(key, { start: 299_999, end: 999_999 }))).toEqual(bytes.slice(299_999));
      await expect(store.get(key, { start: 300_000, end: 300_001 })).rejects.toThrow(RangeNotSatisfiable);
    });

    test('says that an object is missing', async () => {
      const { store } = context();
      const key = keyUnder(freshPrefix(), 'never-written.jpg');
      expect(await store.head(key)).toBeNull();
      await expect(store.get(key)).rejects.toThrow(ObjectMissing);
    });

    test('a reader that goes away half way is no error', async () => {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), 'original.jpg');
      await store.put(key, await samples.of(bytesOf(3_000_000)), 'image/jpeg');
      const reader = (await store.get(key)).getReader();
      await reader.read();
      await reader.cancel();
      expect((await store.head(key))?.sizeBytes).toBe(3_000_000);
    });

    test('a body that does not have the declared sha-256 is refused and leaves nothing', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const file = { ...(await samples.of(bytesOf(200_000))), sha256: sha256OfBytes('other bytes') };
      await expect(store.put(keyUnder(prefix, 'original.jpg'), file, 'image/jpeg')).rejects.toThrow(ChecksumMismatch);
      await Bun.sleep(50);
      expect(await listAll(store, prefix)).toEqual([]);
    });

    test('a put that was given up leaves nothing', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const gone = AbortSignal.abort(new Error('the client went away'));
      const put = store.put(keyUnder(prefix, 'a.jpg'), await samples.of(bytesOf(1000)), 'image/jpeg', gone);
      await expect(put).rejects.toThrow('the client went away');
      expect(await listAll(store, prefix)).toEqual([]);
    });
  });

  describe('write-once', () => {
    test('other bytes under a key that is taken are refused, and the first stay', async () => {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), 'original.jpg');
      const first = bytesOf(20_000_000, 1);
      await store.put(key, await samples.of(first), 'image/jpeg');
      const second = store.put(key, await samples.of(bytesOf(20_000_000, 2)), 'image/jpeg');
      await expect(second).rejects.toThrow(ObjectExists);
      await second.catch(() => undefined);
      expect((await store.head(key))?.sha256).toBe(sha256OfBytes(first));
    });

    test('the same bytes again are no error', async () => {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), 'original.jpg');
      const bytes = bytesOf(50_000);
      await store.put(key, await samples.of(bytes), 'image/jpeg');
      await store.put(key, await samples.of(bytes), 'image/jpeg');
      expect((await store.head(key))?.sha256).toBe(sha256OfBytes(bytes));
    });

    test('of several that write one key at once, one wins and the others are told', async () => {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), 'original.jpg');
      const files = await Promise.all([1, 2, 3, 4].map((seed) => samples.of(bytesOf(100_000, seed))));
      const ended = await Promise.allSettled(files.map((file) => store.put(key, file, 'image/jpeg')));
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const end of ended) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(ObjectExists);
      const winner = files[ended.findIndex(({ status }) => status === 'fulfilled')];
      expect((await store.head(key))?.sha256).toBe(winner?.sha256 ?? null);
    });
  });

  test('prepare may be repeated, and check passes on a store that works', async () => {
    const { store } = context();
    await store.prepare();
    await store.check();
  });
}
