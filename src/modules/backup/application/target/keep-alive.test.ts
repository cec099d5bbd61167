import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../../kernel/app-error';
import { LeaseLost } from '../../domain/backup-faults';
import { keepAlive } from './keep-alive';

const lost = () => new LeaseLost('target');
const ended = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

describe('leases that are kept alive', () => {
  test('are renewed three times in their life, one after the other, until they are stopped', async () => {
    const calls: string[] = [];
    const renewable = (name: string) => ({ renew: async () => void calls.push(name) });
    const kept = keepAlive([renewable('target'), renewable('pin')], 0.06, lost());
    while (calls.length < 6) await Bun.sleep(5);
    expect(calls.slice(0, 4)).toEqual(['target', 'pin', 'target', 'pin']);
    await kept.stop();
    const stopped = calls.length;
    await Bun.sleep(60);
    expect(calls).toHaveLength(stopped);
    expect(kept.signal.aborted).toBe(false);
  });

  test('end at once with what says that they are lost', async () => {
    const gone = new LeaseLost('pin');
    const kept = keepAlive([{ renew: () => Promise.reject(gone) }], 0.06, lost());
    expect(await ended(kept.signal)).toBe(gone);
    await expect(kept.confirm()).rejects.toBe(gone);
    await kept.stop();
  });

  test('count as lost once nobody could be asked for as long as they live, and not before', async () => {
    let answers = true;
    let failures = 0;
    const renew = async () => {
      if (answers) return;
      failures += 1;
      throw new Error('no answer');
    };
    const why = lost();
    const kept = keepAlive([{ renew }], 0.3, why);
    await kept.confirm();
    answers = false;
    while (failures === 0) await Bun.sleep(5);
    expect(kept.signal.aborted).toBe(false);
    expect(await ended(kept.signal)).toBe(why);
    expect(failures).toBeGreaterThan(1);
    await kept.stop();
  });

  test('are asked for again by whoever has to know, whatever failed, for as long as they live', async () => {
    let failures = 0;
    const renew = async () => {
      if (failures === 2) return;
      failures += 1;
      throw new AppError(failures === 1 ? 'DATABASE_UNAVAILABLE' : 'STORAGE_UNAVAILABLE');
    };
    const kept = keepAlive([{ renew }], 60, lost());
    await kept.confirm();
    expect(failures).toBe(2);
    await kept.stop();
    const silent = keepAlive([{ renew: () => Promise.reject(new Error('no answer')) }], 0.2, lost());
    // as one that asks, or as one that beats
    await expect(silent.confirm()).rejects.toThrow(/no answer|lease on the target was lost/);
    await silent.stop();
  });

  test('are asked for once where their holder is told to stop', async () => {
    let asked = 0;
    const renew = async () => {
      asked += 1;
      throw new Error('no answer');
    };
    const kept = keepAlive([{ renew }], 60, lost());
    await expect(kept.confirm(AbortSignal.abort(new Error('the server stops')))).rejects.toThrow('the server stops');
    expect([asked, kept.signal.aborted]).toEqual([1, false]);
    await kept.stop();
  });
});
