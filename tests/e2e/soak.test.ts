import { expect, test } from 'bun:test';
import { figuresOf, growthOf, tableOf } from '../soak/figures';
import type { Sample } from '../soak/sampler';
import { soak } from '../soak/soak';

/** Connections of the pool, and those beside it: LISTEN, and two of the jobs. */
const CONNECTIONS_MOST = 10 + 4;
const MEMORY_MOST = 512 * 2 ** 20;

test.skipIf(process.platform !== 'linux')(
  'under mixed load every answer is the right one, and at rest file descriptors and connections are what they were',
  async () => {
    const { samples, done, wrong, atRest, finished } = await soak({ seconds: 15, sampleEveryMs: 500 });
    const figures = figuresOf(samples, 5);
    console.log(`${tableOf(figures)}\n${JSON.stringify({ ...done, finished, at_rest: atRest })}`);
    expect(wrong).toEqual([]);
    expect(Object.values(done).filter((count) => count > 0)).toHaveLength(7);
    expect(figures.memoryBytes.most).toBeLessThan(MEMORY_MOST);
    expect(figures.connections.most).toBeLessThanOrEqual(CONNECTIONS_MOST);
    expect(atRest.connections).toBeLessThanOrEqual(CONNECTIONS_MOST);
    // what clients, followers and uploads held is given back; the rest is the pool's
    expect(atRest.descriptors).toBeLessThanOrEqual(figures.descriptors.most);
  },
  120_000,
);

test('a leak of memory, descriptors or connections is seen in the figures, and a plateau is none', () => {
  const samples = (change: (n: number) => Partial<Sample>): Sample[] =>
    Array.from({ length: 90 }, (_, n) => ({ at: n, memoryBytes: 2e8, descriptors: 40, connections: 9, ...change(n) }));
  const grew = (change: (n: number) => Partial<Sample>) => growthOf(figuresOf(samples(change), 10));
  expect(grew((n) => ({ memoryBytes: 2e8 + (n % 7) * 5e6, descriptors: 40 + (n % 5) }))).toEqual([]);
  expect(grew((n) => ({ memoryBytes: n < 10 ? 1e8 : 2e8 }))).toEqual([]);
  expect(grew((n) => ({ memoryBytes: 2e8 + n * 1e6 }))).toEqual([
    expect.stringMatching(/^memory: 2\d\d\.\d → 2\d\d\.\d MiB$/),
  ]);
  expect(grew((n) => ({ descriptors: 40 + n }))).toEqual([expect.stringMatching(/^descriptors: \d+ → \d+$/)]);
  expect(grew((n) => ({ connections: 9 + Math.floor(n / 8) }))).toEqual([expect.stringContaining('connections')]);
  expect(
    figuresOf(
      samples((n) => ({ descriptors: 40 + n })),
      10,
    ).descriptors.slope,
  ).toBeCloseTo(3600, 3);
});
