import { expect, spyOn, test } from 'bun:test';
import { silentLog } from '../../../../tests/support/log';
import { newId, type ProductId, type UserId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { EndReason, Sink } from '../domain/sink';
import { type FollowDeps, follow } from './follow';

const seller = { userId: newId<UserId>(), role: 'seller' } as unknown as Seller;
const productId = newId<ProductId>();

/** One who follows a product of which nothing comes. @param owns what the database says of it, one answer after the other */
function following(owns: readonly (boolean | Error)[]) {
  const answers = [...owns];
  const ended = Promise.withResolvers<EndReason>();
  const asked: number[] = [];
  const warnings: string[] = [];
  const sink: Sink = {
    send: () => undefined,
    full: false,
    room: () => Promise.resolve(true),
    end: (why) => ended.resolve(why),
  };
  const deps: FollowDeps = {
    feed: { follow: () => ({ seen: false, position: 0 }) as never, leave: () => undefined },
    products: {
      owns: async () => {
        const answer = answers.shift() ?? new Error('asked too often');
        asked.push(answers.length);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    sessions: { watch: () => () => undefined },
    clock: () => new Date(),
    log: { ...silentLog, warn: (_, message) => void warnings.push(message) },
    unknownProductMs: 1,
    retryMs: 1,
  };
  const expiresAt = new Date(Date.now() + 3_600_000);
  const leave = follow(deps)({ seller, expiresAt }, { productId, lastEventId: 0 }, sink);
  return { leave, ended: ended.promise, asked, warnings };
}

test('where the database did not answer, whose a product is is found out when it does', async () => {
  const { leave, ended, asked, warnings } = following([new Error('away'), new Error('away'), false]);
  expect(await ended).toBe('not-found');
  leave();
  expect(asked).toEqual([2, 1, 0]);
  expect(warnings).toHaveLength(1); // of one outage
});

test('the longer the database does not answer, the seldomer it is asked', async () => {
  const timers = spyOn(globalThis, 'setTimeout');
  const { leave, ended } = following(Array.from({ length: 7 }, (_, n) => (n === 6 ? false : new Error('away'))));
  await ended;
  leave();
  // beside the lifetime of the follower and the first look
  const pauses = timers.mock.calls.map(([, ms]) => Number(ms)).slice(2);
  timers.mockRestore();
  expect(pauses).toHaveLength(6);
  for (const [n, ms] of pauses.entries()) {
    expect(ms).toBeGreaterThanOrEqual(2 ** n / 2);
    expect(ms).toBeLessThanOrEqual(2 ** n);
  }
});

test('who has left is asked after no more', async () => {
  const failed = Promise.withResolvers<void>();
  const { leave, asked } = following([new Error('away')]);
  while (asked.length === 0) await Bun.sleep(1);
  leave();
  setTimeout(failed.resolve, 20);
  await failed.promise;
  expect(asked).toEqual([0]);
});
