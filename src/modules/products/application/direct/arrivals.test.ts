import { expect, test } from 'bun:test';
import { silentLog } from '../../../../../tests/support/log';
import { newId, type ProductId, type UserId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { UploadState } from '../../domain/upload-progress';
import { Arrivals, type ArrivalsDeps } from './arrivals';

const productId = newId<ProductId>();
const userId = newId<UserId>();
const keys = ['a', 'b'].map((image) => `products/${productId}/1/${image}/original.jpg` as ObjectKey);

/** Of two photos of 100 and 300 bytes the first is there. */
function arriving(change: Partial<ArrivalsDeps> = {}) {
  const looks: ProductId[] = [];
  const told: UploadState[] = [];
  const warnings: string[] = [];
  const arrivals = new Arrivals({
    find: async (id) => {
      looks.push(id);
      return { userId, images: keys.map((key, index) => ({ key, sizeBytes: 100 + 200 * index })) };
    },
    objects: { head: async (key) => (key === keys[0] ? { sizeBytes: 100, sha256: null } : null) },
    progress: { tell: (state) => void told.push(state) },
    log: { ...silentLog, warn: (_, message) => void warnings.push(message) },
    afterMs: 5,
    ...change,
  });
  return { arrivals, looks, told, warnings };
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await Bun.sleep(1);
};

test('what arrives of one upload is looked at once, and told to its seller', async () => {
  const { arrivals, looks, told } = arriving();
  for (const key of keys) arrivals.arrived(key);
  await until(() => told.length > 0);
  expect(looks).toEqual([productId]);
  expect(told).toEqual([{ userId, productId, uploadedImages: 1, totalImages: 2, progressPercent: 25 }]);
  arrivals.arrived(keys[1]!);
  await until(() => told.length > 1);
  expect(looks).toEqual([productId, productId]);
});

test('of what is no upload’s nothing is told, and a failure is for the log alone', async () => {
  const none = arriving({ find: async () => null });
  none.arrivals.arrived('quarantine/x' as ObjectKey);
  none.arrivals.arrived(keys[0]!);
  const failing = arriving({ find: () => Promise.reject(new Error('away')) });
  failing.arrivals.arrived(keys[0]!);
  await until(() => failing.warnings.length > 0);
  await Bun.sleep(20);
  expect([none.told, failing.told]).toEqual([[], []]);
});

test('a stop waits for the look that is under way, and begins none', async () => {
  const going = Promise.withResolvers<null>();
  const { arrivals, told } = arriving({ objects: { head: () => going.promise } });
  arrivals.arrived(keys[0]!);
  await Bun.sleep(20);
  const stopped = arrivals.stop();
  arrivals.arrived(keys[0]!);
  going.resolve(null);
  await stopped;
  expect(told.map(({ progressPercent }) => progressPercent)).toEqual([0]);
});
