import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { compareKeys } from '../../../kernel/key-order';
import { compareSorted, mergeSorted } from './compare-sorted';

const keys = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), { maxLength: 60 });
const pageSizes = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 5 });

/** Pages of these sizes, in turns; an empty one now and then. */
async function* paged(sorted: readonly string[], sizes: readonly number[]) {
  const some = sizes.some((size) => size > 0) ? sizes : [3];
  for (let at = 0, turn = 0; at < sorted.length; turn += 1) {
    const size = some[turn % some.length] ?? 1;
    yield sorted.slice(at, at + size).map((key) => ({ key }));
    at += size;
  }
}

const sorted = (some: readonly string[]) => some.toSorted(compareKeys);

async function pairsOf(left: AsyncIterable<{ key: string }[]>, right: AsyncIterable<{ key: string }[]>) {
  const pairs: { left: string | null; right: string | null }[] = [];
  for await (const batch of compareSorted(left, right)) {
    for (const pair of batch) pairs.push({ left: pair.left?.key ?? null, right: pair.right?.key ?? null });
  }
  return pairs;
}

describe('two sorted streams', () => {
  test('give exactly their symmetric difference and their intersection, whatever the sizes of the pages', async () => {
    await fc.assert(
      fc.asyncProperty(keys, keys, pageSizes, pageSizes, async (ofLeft, ofRight, leftSizes, rightSizes) => {
        const [left, right] = [new Set(ofLeft), new Set(ofRight)];
        const pairs = await pairsOf(paged(sorted(ofLeft), leftSizes), paged(sorted(ofRight), rightSizes));
        const expected = sorted([...left.union(right)]).map((key) => ({
          left: left.has(key) ? key : null,
          right: right.has(key) ? key : null,
        }));
        expect(pairs).toEqual(expected);
      }),
    );
  });

  test('pair a key that is there twice with the other side both times, across pages too', async () => {
    for (const sizes of [[1], [2], [9]]) {
      const pairs = await pairsOf(paged(['a', 'b', 'c'], sizes), paged(['b', 'b', 'd', 'd'], sizes));
      expect(pairs).toEqual([
        { left: 'a', right: null },
        { left: 'b', right: 'b' },
        { left: 'b', right: 'b' },
        { left: 'c', right: null },
        { left: null, right: 'd' },
        { left: null, right: 'd' },
      ]);
    }
  });

  test('are refused where one is not sorted, before what follows is called missing', async () => {
    await expect(pairsOf(paged(['b', 'a'], [1]), paged(['a', 'b'], [1]))).rejects.toThrow('not sorted');
  });

  test('are let go where the reader stops half way', async () => {
    let closed = 0;
    async function* endless() {
      try {
        for (let at = 0; ; at += 1) yield [{ key: String(at).padStart(9, '0') }];
      } finally {
        closed += 1;
      }
    }
    for await (const _batch of compareSorted(endless(), endless())) break;
    expect(closed).toBe(2);
  });
});

test('merged streams give everything of all of them in one order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(keys, { maxLength: 5 }), pageSizes, async (streams, sizes) => {
      const merged: string[] = [];
      for await (const page of mergeSorted(streams.map((stream) => paged(sorted(stream), sizes)))) {
        merged.push(...page.map(({ key }) => key));
      }
      expect(merged).toEqual(sorted(streams.flat()));
    }),
  );
});
