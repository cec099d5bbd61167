import { expect, test } from 'bun:test';
import { silentLog } from '../../../../tests/support/log';
import { newId, type ProductId, type UserId } from '../../../kernel/ids';
import type { ProgressSignal } from '../domain/ports';
import { ProgressThrottle } from './progress-throttle';

const seller = newId<UserId>();
const signal = (productId: ProductId, progressPercent: number, userId = seller): ProgressSignal => ({
  userId,
  productId,
  uploadedImages: 0,
  totalImages: 1,
  progressPercent,
});

test('of what is told in between only the latest of each upload goes out, and the last one always', async () => {
  const runs: [ProductId, number][][] = [];
  const done = Promise.withResolvers<void>();
  const [a, b] = [newId<ProductId>(), newId<ProductId>()];
  const throttle = new ProgressThrottle({
    everyMs: 20,
    log: silentLog,
    announce: async (signals) => {
      runs.push(signals.map(({ productId, progressPercent }) => [productId, progressPercent]));
      if (runs.length === 1) throw new Error('no database');
      if (signals.some(({ progressPercent }) => progressPercent === 100)) done.resolve();
    },
  });
  throttle.tell(signal(a, 0));
  await Bun.sleep(5);
  for (let percent = 1; percent <= 100; percent += 1) throttle.tell(signal(a, percent));
  throttle.tell(signal(b, 7));
  await done.promise;
  expect(runs).toEqual([
    [[a, 0]],
    [
      [a, 100],
      [b, 7],
    ],
  ]);
});

test('when it is stopped it tells what waits, and nothing afterwards', async () => {
  const told: number[] = [];
  const announce = async (signals: readonly ProgressSignal[]) => {
    told.push(...signals.map(({ progressPercent }) => progressPercent));
  };
  const throttle = new ProgressThrottle({ everyMs: 20, log: silentLog, announce });
  const product = newId<ProductId>();
  throttle.tell(signal(product, 1));
  await Bun.sleep(5);
  throttle.tell(signal(product, 2));
  await throttle.stop();
  expect(told).toEqual([1, 2]);
  throttle.tell(signal(product, 3));
  await Bun.sleep(40);
  await throttle.stop();
  expect(told).toEqual([1, 2]);
});

test('an upload of another seller under the same id takes nothing from this one', async () => {
  const told: ProgressSignal[] = [];
  const throttle = new ProgressThrottle({
    log: silentLog,
    announce: async (signals) => {
      told.push(...signals);
    },
  });
  const product = newId<ProductId>();
  const [mine, another] = [signal(product, 40), signal(product, 1, newId<UserId>())];
  throttle.tell(mine);
  throttle.tell(another);
  await throttle.stop();
  expect(told).toEqual([mine, another]);
});
