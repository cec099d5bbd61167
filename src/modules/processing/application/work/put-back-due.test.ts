import { expect, test } from 'bun:test';
import { silentLog } from '../../../../../tests/support/log';
import { newId, type ProductId } from '../../../../kernel/ids';
import type { Transaction } from '../../../../kernel/transaction';
import { putBackDue } from './put-back-due';

const spent = Array.from({ length: 30 }, () => newId<ProductId>());
const away = new Error('the database is away');

/** One whose thirty products have used up their attempts. @param lock what comes of an attempt to fail one of them */
function due(lock: () => Promise<null>) {
  const tried: ProductId[] = [];
  const putBack = putBackDue({
    queue: {
      hasDue: async () => true,
      putBack: async () => ({ again: 0, lost: 0, spent }),
      lockSpent: (_, id) => {
        tried.push(id);
        return lock();
      },
    },
    changeStatus: () => Promise.reject(new Error('there is none to fail')),
    inTransaction: (work) => work({} as Transaction),
    metrics: { leaseEnded: () => undefined },
    log: silentLog,
    isUnavailable: (error) => error === away,
    maxAttempts: 3,
  });
  return { tried, putBack };
}

test('one claim tries to fail ten products, whatever comes of it', async () => {
  for (const lock of [() => Promise.resolve(null), () => Promise.reject(new Error('it cannot be failed'))]) {
    const { tried, putBack } = due(lock);
    expect(await putBack('processing')).toBe(0);
    expect(tried).toEqual(spent.slice(0, 10));
  }
});

test('a database that does not answer is not asked for the next product', async () => {
  const { tried, putBack } = due(() => Promise.reject(away));
  await expect(putBack('processing')).rejects.toBe(away);
  expect(tried).toEqual(spent.slice(0, 1));
});
