import { describe, expect, spyOn, test } from 'bun:test';
import { isAppError } from '../../../../kernel/app-error';
import { CurrentCredentials, type S3Credentials } from './credentials';

function sequence(...lifetimesMs: (number | 'fails' | 'forever')[]) {
  let asked = 0;
  const provider = async (): Promise<S3Credentials> => {
    const lifetime = lifetimesMs[Math.min(asked, lifetimesMs.length - 1)];
    asked += 1;
    await Bun.sleep(1);
    if (lifetime === 'fails') throw new Error('no role here: AKIDSECRET');
    const keys = { accessKeyId: `key-${asked}`, secretAccessKey: 'secret' };
    return typeof lifetime === 'number' ? { ...keys, expiration: new Date(Date.now() + lifetime) } : keys;
  };
  return { provider, asked: () => asked };
}

describe('current credentials', () => {
  test('callers that need them at once share one request', async () => {
    const { provider, asked } = sequence('forever');
    const credentials = new CurrentCredentials(provider);
    await Promise.all([credentials.fresh(), credentials.fresh(), credentials.load()]);
    expect(credentials.get().accessKeyId).toBe('key-1');
    await credentials.fresh();
    expect(asked()).toBe(1);
  });

  test('before any were loaded, signing says that the store is not available', () => {
    const credentials = new CurrentCredentials(sequence('forever').provider);
    expect(() => credentials.get()).toThrow('The object store does not answer');
  });

  test('are renewed before their end without anybody asking', async () => {
    const { provider } = sequence(2500, 'forever');
    const credentials = new CurrentCredentials(provider);
    await credentials.load();
    expect(credentials.get().accessKeyId).toBe('key-1');
    await Bun.sleep(1600);
    expect(credentials.get().accessKeyId).toBe('key-2');
  });

  test('are renewed when the longest URL would outlive them, once in half their time at most; one that has no newer is asked each minute', async () => {
    const now = new Date('2026-12-01T00:00:00Z');
    const hour = 3_600_000;
    const waits = async (...sessionsMs: number[]) => {
      const ends = sessionsMs.map((ms) => new Date(now.getTime() + ms));
      const provider = async () => ({ accessKeyId: 'id', secretAccessKey: 's', expiration: ends.shift() ?? now });
      const credentials = new CurrentCredentials(provider, () => now, { longestUrlSeconds: 3600 });
      const timers = spyOn(globalThis, 'setTimeout');
      try {
        for (const _ of sessionsMs) await credentials.load();
        return timers.mock.calls.map(([, ms]) => ms);
      } finally {
        for (const { value } of timers.mock.results) clearTimeout(value as ReturnType<typeof setTimeout>);
        timers.mockRestore();
      }
    };
    expect(await waits(12 * hour)).toEqual([11 * hour]);
    expect(await waits(1.5 * hour)).toEqual([0.75 * hour]);
    expect(await waits(6 * hour, 6 * hour)).toEqual([5 * hour, 60_000]);
    expect(await waits(40_000, 40_000)).toEqual([20_000, 20_000]);
    expect(await waits(0.5 * hour, 3 * hour)).toEqual([0.25 * hour, 2 * hour]);
  });

  test('of a session that is too short for what URLs promise are told of, once', async () => {
    const told = async (...lifetimesMs: number[]) => {
      const seconds: number[] = [];
      const needs = { longestUrlSeconds: 3600, tooShort: (left: number) => void seconds.push(left) };
      const credentials = new CurrentCredentials(sequence(...lifetimesMs).provider, undefined, needs);
      for (const _ of lifetimesMs) await credentials.load();
      return seconds;
    };
    expect(await told(7_200_000, 7_190_000)).toEqual([]);
    expect(await told(3_600_000, 1_800_000)).toEqual([3600]);
  });

  test('that have expired are not signed with; whoever can wait gets new ones', async () => {
    const { provider } = sequence(50, 'forever');
    const credentials = new CurrentCredentials(provider);
    await credentials.load();
    await Bun.sleep(60);
    expect((await credentials.fresh()).accessKeyId).toBe('key-2');
  });

  test('serve to their end when the provider fails meanwhile', async () => {
    const { provider } = sequence(60_000, 'fails');
    const credentials = new CurrentCredentials(provider);
    await credentials.load();
    const error = await credentials.load().catch((thrown) => thrown);
    expect(isAppError(error, 'STORAGE_UNAVAILABLE')).toBe(true);
    expect(error.message).not.toContain('AKIDSECRET');
    expect(credentials.get().accessKeyId).toBe('key-1');
  });
});
