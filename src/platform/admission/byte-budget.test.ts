import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { AppError } from '../../kernel/app-error';
import { ByteBudget, type ByteGrant } from './byte-budget';

const anybody = new AbortController().signal;

function budgetOf(totalBytes: number, change: { waitMs?: number; room?: () => number } = {}) {
  return new ByteBudget({
    totalBytes,
    waitMs: change.waitMs ?? 60_000,
    requireRoom: (bytes) => {
      if (bytes > (change.room?.() ?? Number.POSITIVE_INFINITY)) throw new AppError('OVERLOADED', 'no room');
    },
  });
}

/** What has become of a claim, without waiting for it. */
function claimed(budget: ByteBudget, party: string, bytes: number, signal: AbortSignal = anybody) {
  const claim: { grant: ByteGrant | null; error: unknown } = { grant: null, error: null };
  budget.take({ party, bytes, signal }).then(
    (grant) => (claim.grant = grant),
    (error) => (claim.error = error),
  );
  return claim;
}

const settled = () => Bun.sleep(0);

describe('the budget of bytes', () => {
  test('lets one party have three quarters, and another one come in all the same', async () => {
    const budget = budgetOf(400);
    const greedy = Array.from({ length: 10 }, () => claimed(budget, 'greedy', 50));
    const late = claimed(budget, 'late', 50);
    await settled();
    expect(greedy.filter(({ grant }) => grant)).toHaveLength(6);
    expect(late.grant).not.toBeNull();
    expect([budget.heldBytes, budget.waiting]).toEqual([350, 4]);
  });

  test('takes 32 uploads of 48 MB of one seller at once with 2 GiB', async () => {
    const budget = budgetOf(2 * 2 ** 30);
    const all = Array.from({ length: 32 }, () => claimed(budget, 'seller', 48_001_000));
    await settled();
    expect(all.filter(({ grant }) => grant)).toHaveLength(32);
  });

  test('serves parties in turn, and each in its order', async () => {
    const budget = budgetOf(100);
    const holder = claimed(budget, 'holder', 75);
    await settled();
    const served: string[] = [];
    const waits = (party: string, name: string) =>
      budget.take({ party, bytes: 75, signal: anybody }).then((grant) => {
        served.push(name);
        grant.release();
      });
    const all = [
      waits('a', 'a1'),
      waits('a', 'a2'),
      waits('a', 'a3'),
      waits('b', 'b1'),
      waits('c', 'c1'),
      waits('b', 'b2'),
    ];
    holder.grant?.release();
    await Promise.all(all);
    expect(served).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect([budget.heldBytes, budget.waiting]).toEqual([0, 0]);
  });

  test('lets nothing small overtake what waits for much', async () => {
    const budget = budgetOf(100);
    const first = claimed(budget, 'a', 60);
    const large = claimed(budget, 'b', 70);
    const small = claimed(budget, 'c', 1);
    await settled();
    expect([large.grant, small.grant]).toEqual([null, null]);
    first.grant?.release();
    await settled();
    expect([large.grant, small.grant]).not.toContain(null);
  });

  test('refuses in time with OVERLOADED, and holds nothing for whom it refused', async () => {
    const budget = budgetOf(100, { waitMs: 20 });
    const holder = claimed(budget, 'a', 75);
    await settled();
    await expect(budget.take({ party: 'b', bytes: 50, signal: anybody })).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryAfterSeconds: 10,
    });
    expect([budget.heldBytes, budget.waiting]).toEqual([75, 0]);
    holder.grant?.release();
    expect(budget.heldBytes).toBe(0);
  });

  test('forgets who leaves while waiting, and goes on with whom it held up', async () => {
    const budget = budgetOf(100);
    const holder = claimed(budget, 'a', 40);
    const leaver = new AbortController();
    const large = claimed(budget, 'b', 70, leaver.signal);
    const behind = claimed(budget, 'c', 5);
    await settled();
    expect([large.grant, behind.grant]).toEqual([null, null]);
    leaver.abort(new Error('gone'));
    await settled();
    expect(large.error).toEqual(new Error('gone'));
    expect(behind.grant).not.toBeNull();
    holder.grant?.release();
    behind.grant?.release();
    expect(budget.heldBytes).toBe(0);
  });

  test('lets in what is over all that there is as the most that one party may have', async () => {
    const budget = budgetOf(100);
    const grant = await budget.take({ party: 'a', bytes: 1_000, signal: anybody });
    expect(budget.heldBytes).toBe(75);
    grant.release();
    grant.release();
    expect(budget.heldBytes).toBe(0);
  });

  test('counts on the disk what was let in and is not there yet, and no more once it is', async () => {
    let free = 100;
    const budget = budgetOf(1_000, { room: () => free });
    const first = await budget.take({ party: 'a', bytes: 60, signal: anybody });
    await expect(budget.take({ party: 'b', bytes: 60, signal: anybody })).rejects.toMatchObject({ code: 'OVERLOADED' });
    first.received(60);
    free = 60;
    const second = await budget.take({ party: 'b', bytes: 60, signal: anybody });
    first.release();
    second.release();
    expect(budget.heldBytes).toBe(0);
  });

  test('asks for room again when a turn has come', async () => {
    let free = 1_000;
    const budget = budgetOf(100, { room: () => free });
    const first = await budget.take({ party: 'a', bytes: 75, signal: anybody });
    const second = claimed(budget, 'b', 75);
    await settled();
    free = 10;
    first.release();
    await settled();
    expect(second.error).toMatchObject({ code: 'OVERLOADED' });
    expect(budget.heldBytes).toBe(0);
  });

  test('is whole again after whatever came, waited, left and ended, and was never overdrawn', async () => {
    const step = fc.record({
      party: fc.constantFrom('a', 'b', 'c'),
      bytes: fc.integer({ min: 1, max: 120 }),
      leaves: fc.boolean(),
      ends: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const budget = budgetOf(100);
        const open = steps.map(async ({ party, bytes, leaves, ends }) => {
          const client = new AbortController();
          const grant = budget.take({ party, bytes, signal: client.signal });
          if (leaves) queueMicrotask(() => client.abort(new Error('left')));
          await grant.then(
            async ({ received, release }) => {
              for (let turn = 0; turn < ends; turn += 1) await null;
              expect(budget.heldBytes).toBeLessThanOrEqual(100);
              received(bytes / 2);
              release();
            },
            () => undefined,
          );
        });
        await Promise.all(open);
        expect([budget.heldBytes, budget.waiting]).toEqual([0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});
