import { expect, test } from 'bun:test';
import { until } from '../../../../tests/support/server';
import type { Log } from '../../../kernel/log';
import { keepRunning } from './keep-running';

function heard() {
  const lines: string[] = [];
  const say = (_fields: object, message: string) => void lines.push(message);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  return { log, lines };
}

const ENDED = 'the embedded PostgreSQL has ended; it is started again';
const FAILS = 'the embedded PostgreSQL can’t be started; it is tried again';
const RUNS = 'the embedded PostgreSQL runs again';

test('a server that can’t be started is tried again until it can, and each change is said once', async () => {
  const { log, lines } = heard();
  let tries = 0;
  let isAlive = false;
  const end = keepRunning(
    {
      isAlive: async () => isAlive,
      async revive() {
        tries += 1;
        if (tries < 4) throw new Error('no room');
        isAlive = true;
      },
    },
    log,
    5,
  );
  await until(() => isAlive, 'the start that goes well');
  await end();
  expect([tries, lines]).toEqual([4, [ENDED, FAILS, RUNS]]);
});

test('a server that lives is left alone, and nothing is done once the watch has ended', async () => {
  const { log, lines } = heard();
  let looks = 0;
  const kept = { isAlive: async () => ++looks > 0, revive: () => Promise.reject(new Error('not asked for')) };
  const end = keepRunning(kept, log, 5);
  await until(() => looks > 2, 'some looks');
  await end();
  const before = looks;
  await Bun.sleep(30);
  expect([looks, lines]).toEqual([before, []]);
});
