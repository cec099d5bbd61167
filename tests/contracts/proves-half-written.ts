import { describe, expect, test } from 'bun:test';
import type { KeyPrefix } from '../../src/kernel/object-key';
import { freshPrefix, keyUnder, listAll } from './object-samples';
import type { ContractContext } from './object-store';

/** What was begun and never ended is removed, and nothing else. How it is begun, each store's harness knows. */
export function provesHalfWritten(shared: () => ContractContext): void {
  describe('a write that died half way', () => {
    test('is removed when it is old enough, and not before', async () => {
      const { store, harness } = shared();
      await harness.halfWrites.begin(keyOfOurs());
      await harness.halfWrites.begin(keyOfOurs());
      expect(await store.removeHalfWritten(new Date(Date.now() - 86_400_000))).toBe(0);
      expect(await harness.halfWrites.count()).toBe(2);
      expect(await store.removeHalfWritten(new Date(Date.now() + 60_000))).toBe(2);
      expect(await harness.halfWrites.count()).toBe(0);
      expect(await store.removeHalfWritten(new Date(Date.now() + 60_000))).toBe(0);
    });

    test('is removed, and an object that is whole stays', async () => {
      const { store, harness, samples } = shared();
      const prefix = `products/${freshPrefix()}` as KeyPrefix;
      const key = keyUnder(prefix, 'whole.jpg');
      await store.put(key, await samples.of('whole'), 'image/jpeg');
      await harness.halfWrites.begin(keyUnder(prefix, 'half.jpg'));
      expect((await listAll(store, prefix)).map((object) => object.key)).toEqual([key]);
      expect(await store.removeHalfWritten(new Date(Date.now() + 60_000))).toBe(1);
      expect(await new Response(await store.get(key)).text()).toBe('whole');
    });
  });
}

const keyOfOurs = () => keyUnder(`products/${freshPrefix()}` as KeyPrefix, 'half.jpg');
