import { describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import {
  ChecksumMismatch,
  KeyNotUsable,
  ObjectExists,
  ObjectMissing,
  RangeNotSatisfiable,
} from '../../src/modules/storage/domain/store-errors';
import { bytesOf, each, freshPrefix, keyUnder, listAll, ODD_KEYS, readAll } from './object-samples';
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

  describe('keys', () => {
    test('odd and unicode keys are kept apart and come back as they were', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const keys = ODD_KEYS.map((odd) => keyUnder(prefix, odd));
      for (const key of keys) await store.put(key, await samples.of(key), 'image/jpeg');
      for (const key of keys) {
        expect(Buffer.from(await readAll(await store.get(key))).toString()).toBe(key);
        expect((await store.head(key))?.sha256).toBe(sha256OfBytes(key));
      }
      const listed = (await listAll(store, prefix)).map(({ key }) => key);
      expect(listed).toEqual(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      await store.deleteMany(keys);
      expect(await listAll(store, prefix)).toEqual([]);
    });

    test('a key that leaves the bucket is refused before it reaches the store', async () => {
      const { store, samples } = context();
      const file = await samples.of('outside');
      for (const bad of ['../outside', 'a/../../outside', '/etc/outside', 'a//b', 'a/./b', 'a\0b', '']) {
        const key = bad as ObjectKey;
        await expect(store.put(key, file, 'image/jpeg')).rejects.toThrow(TypeError);
        await expect(store.get(key)).rejects.toThrow(TypeError);
        await expect(store.head(key)).rejects.toThrow(TypeError);
        await expect(store.copy(key, 'inside' as ObjectKey)).rejects.toThrow(TypeError);
        await expect(store.copy('inside' as ObjectKey, key)).rejects.toThrow(TypeError);
        await expect(store.deleteMany([key])).rejects.toThrow(TypeError);
        const times = { issuedAt: new Date(), expiresAt: new Date(Date.now() + 60_000) };
        expect(() => store.signGet({ key, ...times })).toThrow(TypeError);
      }
    });

    test('a key that a store of files cannot hold is stored or refused as such', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      await store.put(keyUnder(prefix, 'object'), await samples.of('1'), 'image/jpeg');
      await store.put(keyUnder(prefix, 'folder/object'), await samples.of('2'), 'image/jpeg');
      for (const key of ['object/below', 'folder', 'x'.repeat(256)].map((rest) => keyUnder(prefix, rest))) {
        const error = await store.put(key, await samples.of('3'), 'image/jpeg').catch((thrown) => thrown);
        if (error !== undefined) expect(error).toBeInstanceOf(KeyNotUsable);
        expect((await store.head(key)) === null).toBe(error !== undefined);
        if (error) await expect(store.get(key)).rejects.toThrow(ObjectMissing);
      }
      expect((await store.head(keyUnder(prefix, 'object')))?.sha256).toBe(sha256OfBytes('1'));
    });
  });

  describe('copy', () => {
    test('keeps bytes, type and sha-256, and may be repeated', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const [from, to] = [keyUnder(prefix, 'ü +%/from.png'), keyUnder(prefix, 'held/to é.png')];
      const bytes = bytesOf(70_000);
      await store.put(from, await samples.of(bytes), 'image/png');
      await store.copy(from, to);
      await store.copy(from, to);
      const copied = { sizeBytes: 70_000, contentType: 'image/png', sha256: sha256OfBytes(bytes) };
      expect(await store.head(to)).toMatchObject(copied);
      await store.deleteMany([from]);
      expect(await readAll(await store.get(to))).toEqual(bytes);
    });

    test('does not overwrite, and says what is missing', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const [one, other, none] = ['1', '2', '3'].map((name) => keyUnder(prefix, name)) as [
        ObjectKey,
        ObjectKey,
        ObjectKey,
      ];
      await store.put(one, await samples.of('one'), 'image/jpeg');
      await store.put(other, await samples.of('other'), 'image/jpeg');
      await expect(store.copy(one, other)).rejects.toThrow(ObjectExists);
      await expect(store.copy(none, one)).rejects.toThrow(ObjectMissing);
      await Bun.sleep(20);
      expect((await store.head(other))?.sha256).toBe(sha256OfBytes('other'));
    });
  });

  describe('deleteMany', () => {
    test('deletes what is there, counts the rest as deleted, and may be repeated', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const [gone, kept, never] = ['a/gone', 'a/kept', 'b/never'].map((name) => keyUnder(prefix, name)) as ObjectKey[];
      for (const key of [gone!, kept!]) await store.put(key, await samples.of(key), 'image/jpeg');
      await store.deleteMany([gone!, never!]);
      await store.deleteMany([gone!, never!]);
      await store.deleteMany([]);
      expect((await listAll(store, prefix)).map(({ key }) => key)).toEqual([kept!]);
      await store.put(gone!, await samples.of('again'), 'image/jpeg');
      expect((await store.head(gone!))?.sha256).toBe(sha256OfBytes('again'));
    });

    test('puts succeed beside deletions that empty their folders', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const file = await samples.of('neighbour');
      const rounds = Array.from({ length: 60 }, (_, round) => round);
      await each(rounds, 8, async (round) => {
        const [mine, other] = [keyUnder(prefix, `p/q/r/${round}.jpg`), keyUnder(prefix, `p/q/r/${round}-x.jpg`)];
        await Promise.all([store.put(mine, file, 'image/jpeg'), store.deleteMany([other])]);
        await store.deleteMany([mine]);
      });
      expect(await listAll(store, prefix)).toEqual([]);
    });
  });

  test('prepare may be repeated, and check passes on a store that works', async () => {
    const { store } = context();
    await store.prepare();
    await store.check();
  });
}
