import { describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import {
  ChecksumMismatch,
  KeyNotUsable,
  ObjectExists,
  ObjectMissing,
} from '../../src/modules/storage/domain/store-errors';
import { bytesOf, each, freshPrefix, keyUnder, listAll, ODD_KEYS, readAll } from './object-samples';
import type { ContractContext } from './object-store';

/** What keys may be, and how they are copied and deleted. */
export function provesKeys(context: () => ContractContext): void {
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

    test('to a new key of the bytes with this sha-256 may be repeated, and says what is missing or other', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const [one, copied, other, none] = ['1.png', '2.png', '3.png', '4.png'].map((name) => keyUnder(prefix, name));
      await store.put(one!, await samples.of('one'), 'image/png');
      const expected = { sha256: sha256OfBytes('one'), sizeBytes: 3 };
      await store.copy(one!, copied!, expected);
      await store.copy(one!, copied!, expected);
      expect(await store.head(copied!)).toMatchObject({ ...expected, contentType: 'image/png' });
      await expect(store.copy(none!, other!, expected)).rejects.toThrow(ObjectMissing);
      const others = { sha256: sha256OfBytes('other'), sizeBytes: 5 };
      await expect(store.copy(one!, other!, others)).rejects.toThrow(ChecksumMismatch);
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
}
