import { describe, expect, test } from 'bun:test';
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
