import { describe, expect, test } from 'bun:test';
import type { KeyPrefix, ObjectKey } from '../../src/kernel/object-key';
import { each, freshPrefix, keyUnder, listAll } from './object-samples';
import type { ContractContext } from './object-store';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function provesListing(context: () => ContractContext): void {
  describe('list', () => {
    test('sorts by the bytes of whole keys, whatever folders they are in', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const names = ['a-b', 'a/b', 'a.b', 'a0', 'a/c/d', 'a/c.d', 'A', 'é', 'z', '\ue000', '\u{10000}', 'b!/x', 'b/x'];
      const keys = names.map((name) => keyUnder(prefix, name));
      for (const key of keys) await store.put(key, await samples.of(key), 'image/jpeg');
      const sorted = keys.toSorted(byBytes);
      expect((await listAll(store, prefix)).map(({ key }) => key)).toEqual(sorted);
      for (const [at, after] of sorted.entries()) {
        expect((await listAll(store, prefix, after)).map(({ key }) => key)).toEqual(sorted.slice(at + 1));
      }
    });

    test('gives what begins with the prefix, be it a folder, the start of a name or a whole key', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const keys = ['one/a', 'one/b', 'onetwo/c', 'two'].map((name) => keyUnder(prefix, name));
      for (const key of keys) await store.put(key, await samples.of('x'), 'image/jpeg');
      const under = async (rest: string) =>
        (await listAll(store, `${prefix}${rest}` as KeyPrefix)).map(({ key }) => key);
      expect(await under('one/')).toEqual(keys.slice(0, 2));
      expect(await under('one')).toEqual(keys.slice(0, 3));
      expect(await under('two')).toEqual(keys.slice(3));
      expect(await under('nothing/')).toEqual([]);
      expect(await under('two/')).toEqual([]);
    });

    test('tells size and time of each', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      await store.put(keyUnder(prefix, 'a'), await samples.of('12345'), 'image/jpeg');
      const [only] = await listAll(store, prefix);
      expect(only?.sizeBytes).toBe(5);
      expect(Math.abs((only?.lastModified.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
    });

    test('lists 5,000 keys in pages, from any key on, and deletes them all', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const file = await samples.of('small');
      const keys = Array.from({ length: 5000 }, (_, at) => keyUnder(prefix, `${at % 50}/${at}.jpg`));
      await each(keys, 32, (key) => store.put(key, file, 'image/jpeg'));
      const sorted = keys.toSorted(byBytes);
      expect((await listAll(store, prefix)).map(({ key }) => key)).toEqual(sorted);
      const after = sorted[3210] as ObjectKey;
      expect((await listAll(store, prefix, after)).map(({ key }) => key)).toEqual(sorted.slice(3211));
      await store.deleteMany(keys);
      expect(await listAll(store, prefix)).toEqual([]);
    }, 120_000);

    test('may be left half way', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      for (const name of ['a', 'b', 'c']) await store.put(keyUnder(prefix, name), await samples.of(name), 'image/jpeg');
      for await (const { key } of store.list(prefix)) {
        expect(key).toBe(keyUnder(prefix, 'a'));
        break;
      }
    });
  });
}
