import { afterEach, beforeEach, expect, type Mock, spyOn, test } from 'bun:test';
import { EventEmitter } from 'node:events';
import { silentLog } from '../tests/support/log';
import { stopOnSignal } from './stop-on-signal';

let now = 0;
let clock: Mock<typeof performance.now>;
beforeEach(() => {
  now = 5000;
  clock = spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  clock.mockRestore();
});

/** A process whose server stops when `stopped` is resolved. */
function serving() {
  const signals = new EventEmitter();
  const exits: number[] = [];
  const stopped = Promise.withResolvers<number>();
  const signalled = Object.assign(signals, { exit: (code: number) => void exits.push(code) });
  let stops = 0;
  stopOnSignal(
    silentLog,
    () => {
      stops += 1;
      return stopped.promise;
    },
    signalled,
  );
  return { signals, exits, stopped, stops: () => stops };
}

test('a key press that arrives twice, as it does under `bun start`, lets the stop come to its end', async () => {
  const { signals, exits, stopped, stops } = serving();
  signals.emit('SIGINT', 'SIGINT');
  now += 200;
  signals.emit('SIGINT', 'SIGINT');
  expect([exits, stops()]).toEqual([[], 1]);
  stopped.resolve(0);
  await Bun.sleep(0);
  expect(exits).toEqual([0]);
});

test('a second key press does not wait', () => {
  const { signals, exits } = serving();
  signals.emit('SIGINT', 'SIGINT');
  now += 1500;
  signals.emit('SIGINT', 'SIGINT');
  expect(exits).toEqual([1]);
});

test('a stop that fails half way ends with code 1', async () => {
  const { signals, exits, stopped } = serving();
  signals.emit('SIGTERM', 'SIGTERM');
  stopped.reject(new Error('the database is away'));
  await Bun.sleep(0);
  expect(exits).toEqual([1]);
});
