import { describe, expect, test } from 'bun:test';
import type { ProductId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import { type IntentDeps, underIntent } from './under-intent';

const PRODUCT = 'p' as ProductId;
const ATTEMPT = { kind: 'prepare', productId: PRODUCT } as const;

/** A journal that writes down what is asked of it. */
function recording(change: Partial<IntentDeps['journal']> = {}) {
  const calls: string[] = [];
  const warnings: string[] = [];
  const told = <Answer>(name: string, answer: Answer) => {
    calls.push(name);
    return Promise.resolve(answer);
  };
  const deps: IntentDeps = {
    journal: {
      open: () => told('open', undefined),
      renew: () => told('renew', true),
      settle: () => told('settle', undefined),
      abandon: () => told('abandon', 'draining' as const),
      drain: () => told('drain', undefined),
      ...change,
    },
    inTransaction: (work) => work({} as Transaction),
    renewEveryMs: 5,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (_, message) => warnings.push(message),
      error: () => undefined,
    },
  };
  return { deps, calls, warnings };
}

describe('work under an intent', () => {
  test('begins when the intent is committed, and keeps it alive', async () => {
    const { deps, calls } = recording();
    await underIntent(deps, ATTEMPT, async ({ prefix, id }) => {
      expect([calls[0], String(prefix)]).toEqual(['open', `products/${PRODUCT}/${id}/`]);
      while (!calls.includes('renew')) await Bun.sleep(1);
    });
    expect(calls).not.toContain('abandon');
  });

  test('that fails is claimed first, and then what it wrote is deleted', async () => {
    const { deps, calls } = recording();
    await expect(underIntent(deps, ATTEMPT, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(calls).toEqual(['open', 'abandon', 'drain']);
  });

  test('whose commit had happened although its answer never came loses nothing', async () => {
    const { deps, calls } = recording({ abandon: () => Promise.resolve('gone') });
    await expect(underIntent(deps, ATTEMPT, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect(calls).toEqual(['open']);
  });

  test('where the database cannot be asked deletes nothing, and says so', async () => {
    const { deps, calls, warnings } = recording({ abandon: () => Promise.reject(new Error('away')) });
    await expect(underIntent(deps, ATTEMPT, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect([calls, warnings.length]).toEqual([['open'], 1]);
  });

  test('is told to stop when the intent is lost, but not when a renewal meets an outage', async () => {
    let renewals = 0;
    const renew = () => {
      renewals += 1;
      return renewals === 1 ? Promise.reject(new Error('away')) : Promise.resolve(false);
    };
    const { deps, warnings } = recording({ renew });
    await underIntent(deps, ATTEMPT, async ({ signal }) => {
      while (!signal.aborted) await Bun.sleep(1);
    });
    expect([renewals >= 2, warnings[0]]).toEqual([true, 'an intent could not be renewed']);
  });
});
