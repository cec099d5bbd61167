import { expect, test } from 'bun:test';
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
    log: silentLog,
    unknownProductMs: 1,
    retryMs: 1,
  };
  const expiresAt = new Date(Date.now() + 3_600_000);
  const leave = follow(deps)({ seller, expiresAt }, { productId, lastEventId: 0 }, sink);
  return { leave, ended: ended.promise, asked };
}

test('where the database did not answer, whose a product is is found out when it does', async () => {
  const { leave, ended, asked } = following([new Error('away'), new Error('away'), false]);
  expect(await ended).toBe('not-found');
  leave();
  expect(asked).toEqual([2, 1, 0]);
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
