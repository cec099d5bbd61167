import { expect, test } from 'bun:test';
import { coalesce } from './coalesce';

test('work asked for while it runs is done once more, not once for each who asked', async () => {
  let runs = 0;
  const work = coalesce(
    async () => {
      runs += 1;
      await Bun.sleep(5);
    },
    () => undefined,
  );
  work.soon();
  for (let asked = 0; asked < 10; asked += 1) work.soon();
  await work.idle();
  expect(runs).toBe(2);
  work.soon();
  await work.idle();
  expect(runs).toBe(3);
});

test('a failure is told, and the next who asks is served all the same', async () => {
  const errors: unknown[] = [];
  const work = coalesce(
    () => Promise.reject(new Error('store away')),
    (error) => errors.push(error),
  );
  work.soon();
  await work.idle();
  work.soon();
  await work.idle();
  expect(errors).toHaveLength(2);
});
