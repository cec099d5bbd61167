import { expect, test } from 'bun:test';
import { EventMessage } from '../domain/event-message';
import { StreamSink } from './stream-sink';

const message = EventMessage.passing('x', {});

function filled(slowMs: number): StreamSink {
  const sink = new StreamSink(slowMs, () => undefined);
  for (let position = 1; !sink.full; position += 1) sink.send(message, position);
  return sink;
}

test('a full queue has room again when it has been read, and what was sent comes before the end', async () => {
  const sink = filled(60_000);
  const room = sink.room();
  const read: number[] = [];
  const messages = sink.messages();
  for (let next = await messages.next(); ; next = await messages.next()) {
    if (next.done) {
      expect(next.value).toBe('expired');
      break;
    }
    read.push(next.value.position);
    if (await Promise.race([room, Promise.resolve(false)])) sink.end('expired');
  }
  expect(await room).toBe(true);
  expect(read).toEqual(read.map((_, index) => index + 1));
  expect(read.length).toBeGreaterThan(10);
});

test('one that nobody reads has no room in the end, and one that was left has none at once', async () => {
  expect(await filled(5).room()).toBe(false);
  const left = filled(60_000);
  const room = left.room();
  left.leave();
  expect([await room, await left.room(), (await left.messages().next()).value as unknown]).toEqual([
    false,
    false,
    'left',
  ]);
});
