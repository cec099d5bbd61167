import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../../tests/support/log';
import { newId, type ProductId, type UserId } from '../../../kernel/ids';
import type { EventMessage, ProductEvent } from '../domain/event-message';
import type { EventLog } from '../domain/ports';
import type { Sink } from '../domain/sink';
import { EventFeed } from './event-feed';

const userId = newId<UserId>();
const productId = newId<ProductId>();

/** An outbox in memory that counts its statements and can be out of order. */
function outbox() {
  const events: ProductEvent[] = [];
  const state = { fails: 0, statements: 0, last: 0 };
  const ask = <Answer>(answer: () => Answer): Promise<Answer> => {
    state.statements += 1;
    state.fails -= 1;
    return state.fails >= 0 ? Promise.reject(new Error('no database')) : Promise.resolve(answer());
  };
  const log: EventLog = {
    kept: (sellers) => ask(() => sellers.map(() => ({ last: state.last, first: events[0]?.number ?? null }))),
    after: (wanted, limit) =>
      ask(() => wanted.map(({ after }) => events.filter(({ number }) => number > after).slice(0, limit))),
  };
  const write = (count: number) => {
    for (let n = 0; n < count; n += 1) {
      state.last += 1;
      events.push({ userId, number: state.last, productId, type: 'x', data: {}, at: new Date() });
    }
    return state.last;
  };
  return { log, write, state, prune: (count: number, from = 0) => events.splice(from, count) };
}

function recordingSink() {
  const bodies: EventMessage['body'][] = [];
  const sink = { full: false, ended: null as unknown, hasRoom: Promise.withResolvers<boolean>() };
  return Object.assign(sink, {
    bodies,
    send: (message: EventMessage) => void bodies.push(message.body),
    room: async () => !sink.full || sink.hasRoom.promise,
    end: (why: string, position: number | null) => {
      sink.ended = [why, position];
    },
    ids: () => bodies.map(({ id }) => id),
  }) satisfies Sink & object;
}

const settle = () => Bun.sleep(20);
const feedOf = (log: EventLog) =>
  new EventFeed({ events: log, log: silentLog, delivered: () => undefined, pageSize: 10, retryMs: 1 });

describe('the feed', () => {
  test('asks once for many followers of many sellers, and for nobody it asks nothing', async () => {
    const { log, state } = outbox();
    const feed = feedOf(log);
    feed.wake(userId, 1);
    feed.wakeAll();
    expect(state.statements).toBe(0);
    const followers = Array.from({ length: 300 }, () =>
      feed.follow({ userId: newId<UserId>(), productId: null, lastEventId: 0 }, recordingSink()),
    );
    await settle();
    expect(state.statements).toBeLessThan(6);
    expect(feed.followedSellers).toBe(300);
    for (const follower of followers) feed.leave(follower);
    expect(feed.followedSellers).toBe(0);
  });

  test('goes on where it was when the database answers again', async () => {
    const { log, write, state } = outbox();
    const feed = feedOf(log);
    const sink = recordingSink();
    state.fails = 3;
    write(3);
    feed.follow({ userId, productId: null, lastEventId: 1 }, sink);
    await settle();
    state.fails = 2;
    feed.wake(userId, write(25));
    await settle();
    expect(sink.ids()).toEqual(Array.from({ length: 27 }, (_, index) => index + 2));
  });

  test('a notice of what has been read already costs nothing', async () => {
    const { log, write, state } = outbox();
    const feed = feedOf(log);
    write(3);
    feed.follow({ userId, productId: null, lastEventId: 0 }, recordingSink());
    await settle();
    const before = state.statements;
    feed.wake(userId, 3);
    await settle();
    expect(state.statements).toBe(before);
  });
});

describe('a follower whose sink is full', () => {
  test('reads again from the outbox when there is room, and others do not wait for it', async () => {
    const { log, write } = outbox();
    const feed = feedOf(log);
    const [slow, quick] = [recordingSink(), recordingSink()];
    for (const sink of [slow, quick]) feed.follow({ userId, productId: null, lastEventId: 0 }, sink);
    await settle();
    slow.full = true;
    feed.wake(userId, write(30));
    await settle();
    expect([slow.ids().length, quick.ids().length]).toEqual([0, 30]);
    slow.full = false;
    slow.hasRoom.resolve(true);
    await settle();
    feed.wake(userId, write(1));
    await settle();
    expect(slow.ids()).toEqual(quick.ids());
  });

  test('is told to read again when what it missed was removed meanwhile', async () => {
    const { log, write, prune } = outbox();
    const feed = feedOf(log);
    const sinks = [recordingSink(), recordingSink()];
    for (const sink of sinks) feed.follow({ userId, productId: null, lastEventId: 0 }, sink);
    await settle();
    for (const sink of sinks) sink.full = true;
    feed.wake(userId, write(30));
    await settle();
    prune(20);
    sinks[0]!.full = false;
    sinks[0]!.hasRoom.resolve(true);
    await settle();
    prune(10);
    sinks[1]!.full = false;
    sinks[1]!.hasRoom.resolve(true);
    await settle();
    feed.wake(userId, write(1));
    await settle();
    for (const sink of sinks)
      expect(sink.bodies.map(({ id, type }) => [id, type])).toEqual([
        [30, 'resync'],
        [31, 'x'],
      ]);
  });

  test('is told so, too, where one between others was removed', async () => {
    const { log, write, prune } = outbox();
    const feed = feedOf(log);
    write(5);
    prune(1, 2);
    const sink = recordingSink();
    feed.follow({ userId, productId: null, lastEventId: 0 }, sink);
    await settle();
    feed.wake(userId, write(1));
    await settle();
    expect(sink.bodies.map(({ id, type }) => [id, type])).toEqual([
      [5, 'resync'],
      [6, 'x'],
    ]);
  });

  test('ends with the point to resume from when there is no room for too long', async () => {
    const { log, write } = outbox();
    const feed = feedOf(log);
    const sink = recordingSink();
    feed.follow({ userId, productId: null, lastEventId: 0 }, sink);
    feed.wake(userId, write(2));
    await settle();
    sink.full = true;
    feed.wake(userId, write(2));
    await settle();
    sink.hasRoom.resolve(false);
    await settle();
    expect(sink.ended).toEqual(['slow', 2]);
  });
});
