import { describe, expect, test } from 'bun:test';
import { SharedFsyncs } from './shared-fsyncs';

/** Fsyncs that end when told to. */
function fsyncsByHand() {
  const begun: { folder: string; end: () => void; fail: (error: Error) => void }[] = [];
  const fsyncs = new SharedFsyncs((folder) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    begun.push({ folder, end: resolve, fail: reject });
    return promise;
  });
  return { begun, fsyncs };
}

describe('shared fsyncs', () => {
  test('who asks while one is under way gets one that begins afterwards, and shares it', async () => {
    const { begun, fsyncs } = fsyncsByHand();
    const settled: string[] = [];
    const first = fsyncs.of('a').then(() => settled.push('first'));
    const late = [fsyncs.of('a'), fsyncs.of('a'), fsyncs.of('a')];
    const all = Promise.all(late).then(() => settled.push('late'));
    expect(begun.length).toBe(1);
    begun[0]?.end();
    await first;
    await Bun.sleep(1);
    expect(begun.length).toBe(2);
    expect(settled).toEqual(['first']);
    begun[1]?.end();
    await all;
    expect(settled).toEqual(['first', 'late']);
  });

  test('folders do not wait for each other', () => {
    const { begun, fsyncs } = fsyncsByHand();
    void fsyncs.of('a');
    void fsyncs.of('b');
    expect(begun.map(({ folder }) => folder)).toEqual(['a', 'b']);
  });

  test('a failure is told to those who shared it, and to nobody else', async () => {
    const { begun, fsyncs } = fsyncsByHand();
    const first = fsyncs.of('a');
    const [second, third] = [fsyncs.of('a'), fsyncs.of('a')];
    begun[0]?.fail(new Error('EIO'));
    expect(first).rejects.toThrow('EIO');
    await Bun.sleep(1);
    const fourth = fsyncs.of('a');
    begun[1]?.end();
    await Promise.all([second, third]);
    await Bun.sleep(1);
    begun[2]?.end();
    await fourth;
    expect(begun.length).toBe(3);
  });

  test('after the last has ended, the next one begins at once', async () => {
    const { begun, fsyncs } = fsyncsByHand();
    const first = fsyncs.of('a');
    begun[0]?.end();
    await first;
    void fsyncs.of('a');
    expect(begun.length).toBe(2);
  });
});
