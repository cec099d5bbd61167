import { expect, test } from 'bun:test';
import { silentLog } from '../../../../tests/support/log';
import { SessionWatch } from './session-watch';

test('followers of a revoked session are told, all of them, and others are not', async () => {
  const live = new Set(['a', 'b']);
  const asked: string[][] = [];
  const liveSessions = async (ids: readonly string[]) => {
    asked.push([...ids]);
    return live;
  };
  const watch = new SessionWatch({ liveSessions, log: silentLog });
  const told: string[] = [];
  const ends = ['a', 'a', 'b'].map((id, index) => watch.watch(id, () => told.push(`${id}${index}`)));
  await watch.look();
  expect(told).toEqual([]);
  live.delete('a');
  await watch.look();
  expect(told).toEqual(['a0', 'a1']);
  ends[0]?.();
  ends[1]?.();
  await watch.look();
  ends[2]?.();
  await watch.look();
  expect(asked).toEqual([['a', 'b'], ['a', 'b'], ['b']]);
});

test('it looks by itself, and again after a failure', async () => {
  let looks = 0;
  const told = Promise.withResolvers<void>();
  const liveSessions = () => {
    looks += 1;
    return looks === 1 ? Promise.reject(new Error('no database')) : Promise.resolve(new Set<string>());
  };
  const watch = new SessionWatch({ liveSessions, log: silentLog, everyMs: 5 });
  const end = watch.watch('a', told.resolve);
  await told.promise;
  end();
  expect(looks).toBeGreaterThan(1);
});

test('a watch that is ended twice leaves those that were begun in between', async () => {
  const watch = new SessionWatch({ liveSessions: () => Promise.resolve(new Set<string>()), log: silentLog });
  const told: string[] = [];
  const endFirst = watch.watch('a', () => told.push('first'));
  endFirst();
  const endSecond = watch.watch('a', () => told.push('second'));
  endFirst();
  await watch.look();
  endSecond();
  expect(told).toEqual(['second']);
});
