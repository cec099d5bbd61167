import { describe, expect, test } from 'bun:test';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { DoomedIntent, DoomedIntents } from '../domain/intent-journal';
import type { ListedObject, ObjectHead } from '../domain/object-store';
import { drainProduct } from './drain-product';

const PRODUCT = 'p' as ProductId;
const keys = (...names: string[]) => names.map((name) => `products/p/${name}` as ObjectKey);

/** A journal of these prefixes, and a store whose deletions do nothing so many times. */
function world(prefixes: readonly string[], objects: readonly ObjectKey[], deafTimes = 0) {
  const held = new Set<string>(objects);
  const asked: (KeyPrefix | undefined)[] = [];
  let deaf = deafTimes;
  const doomed = prefixes.map((prefix, index) => ({ id: String(index) as AttemptId, prefix, state: 'tombstone' }));
  const intents: Partial<DoomedIntents> = {
    claimExpired: async () => 0,
    now: async () => new Date(),
    page: async (after, _limit, scope) => {
      asked.push(scope?.within);
      return after === null ? (doomed as unknown as DoomedIntent[]) : [];
    },
    named: async () => new Set(),
    entomb: async () => undefined,
    bury: async () => 0,
  };
  const store = {
    head: async (key: ObjectKey) => (held.has(key) ? ({ key } as ObjectHead) : null),
    async *list(prefix: KeyPrefix) {
      for (const key of [...held]) if (key.startsWith(prefix)) yield { key } as ListedObject;
    },
    copy: async () => undefined,
    check: async () => undefined,
    deleteMany: async (gone: readonly ObjectKey[]) => {
      if (deaf > 0 && gone.length > 0) deaf -= 1;
      else for (const key of gone) held.delete(key);
    },
  };
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    held,
    asked,
    drain: drainProduct({ intents: intents as DoomedIntents, store, pins: { living: async () => [] }, log }),
  };
}

describe('the drain of one product', () => {
  test('deletes keys and folders of the journal, and asks it for this product alone', async () => {
    const objects = keys('a/x/original.jpg', 'b/y/original.jpg', 'b/z/original.jpg', 'c/kept.jpg');
    const { held, asked, drain } = world(['products/p/a/x/original.jpg', 'products/p/b/'], objects);
    expect(await drain(PRODUCT, keys('a/x/original.jpg'))).toBe(true);
    expect([...held]).toEqual(keys('c/kept.jpg'));
    expect(new Set(asked)).toEqual(new Set(['products/p/' as KeyPrefix]));
  });

  test('does not say so while a key that it was asked for is there, in the journal or not', async () => {
    const { drain } = world([], keys('a/x/original.jpg'));
    expect(await drain(PRODUCT, keys('a/x/original.jpg'))).toBe(false);
  });

  test('does not say so while a journalled key or folder has an object', async () => {
    for (const prefix of ['products/p/a/x.jpg', 'products/p/a/']) {
      const { drain } = world([prefix], keys('a/x.jpg'), Number.POSITIVE_INFINITY);
      expect(await drain(PRODUCT, [])).toBe(false);
    }
  });

  test('deletes again what a PUT brought while it looked', async () => {
    const { drain } = world(['products/p/a/x.jpg'], keys('a/x.jpg'), 1);
    expect(await drain(PRODUCT, [])).toBe(true);
  });
});
