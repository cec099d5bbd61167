import { describe, expect, test } from 'bun:test';
import { isAppError } from '../../src/kernel/app-error';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { Fault } from '../support/tcp-proxy';
import { bytesOf, freshPrefix, keyUnder, listAll, readAll } from './object-samples';
import type { ContractContext } from './object-store';

const FAULTS: readonly (readonly [words: string, fault: Fault])[] = [
  ['stops answering half way through a body', { kind: 'hang', afterBytes: 300_000 }],
  ['never answers', { kind: 'hang', direction: 'down' }],
  ['breaks the connection half way', { kind: 'cut', afterBytes: 300_000 }],
  ['resets every connection', { kind: 'reset' }],
  ['does not listen', { kind: 'refuse' }],
];

/** Only where there is a network between this process and the store. */
export function provesOutages(context: () => ContractContext): void {
  describe('a store that', () => {
    const faulty = () => {
      const { faulty } = context().harness;
      if (!faulty) throw new Error('a networked store comes with a proxy');
      return faulty;
    };

    for (const [words, fault] of FAULTS) {
      test(`${words}: STORAGE_UNAVAILABLE after bounded retries, and nothing is left`, async () => {
        const { store, samples } = context();
        const prefix = freshPrefix();
        const file = await samples.of(bytesOf(1_000_000));
        const { store: through, proxy } = faulty();
        await proxy.set(fault);
        const startedAt = Date.now();
        const error = await through.put(keyUnder(prefix, 'a.jpg'), file, 'image/jpeg').catch((thrown) => thrown);
        await proxy.set({ kind: 'pass' });
        expect(isAppError(error, 'STORAGE_UNAVAILABLE')).toBe(true);
        expect(Bun.inspect(error)).not.toContain('Signature');
        expect(Date.now() - startedAt).toBeLessThan(15_000);
        // what reached the store although no answer came back is for the intent journal
        if (fault.kind !== 'hang' || fault.direction !== 'down') expect(await listAll(store, prefix)).toEqual([]);
        await through.put(keyUnder(prefix, 'after.jpg'), file, 'image/jpeg');
        expect((await store.head(keyUnder(prefix, 'after.jpg')))?.sha256).toBe(file.sha256);
      }, 30_000);
    }

    test('never answers: every other request ends with STORAGE_UNAVAILABLE too', async () => {
      const through = faulty();
      const key = keyUnder(freshPrefix(), 'a.jpg');
      await through.proxy.set({ kind: 'hang', direction: 'down' });
      const errors = await Promise.all(
        [
          through.store.get(key),
          through.store.head(key),
          listAll(through.store, freshPrefix()),
          through.store.copy(key, keyUnder(freshPrefix(), 'b.jpg')),
          through.store.deleteMany([key]),
          through.store.check(),
          through.store.prepare(),
        ].map((request) => Promise.resolve(request).catch((thrown: unknown) => thrown)),
      );
      await through.proxy.set({ kind: 'pass' });
      expect(errors.map((error) => isAppError(error, 'STORAGE_UNAVAILABLE'))).toEqual(errors.map(() => true));
    }, 30_000);

    test('stops half way through an answer: reading and listing end with STORAGE_UNAVAILABLE', async () => {
      const { store, samples } = context();
      const prefix = freshPrefix();
      const key = keyUnder(prefix, 'a.jpg');
      await store.put(key, await samples.of(bytesOf(5_000_000)), 'image/jpeg');
      for (let at = 0; at < 30; at += 1)
        await store.put(keyUnder(prefix, `${at}`), await samples.of('x'), 'image/jpeg');
      const { store: through, proxy } = faulty();
      for (const kind of ['hang', 'cut'] as const) {
        await proxy.set({ kind, direction: 'down', afterBytes: 1_000_000 });
        const reading = await through
          .get(key)
          .then(readAll)
          .catch((thrown) => thrown);
        expect(isAppError(reading, 'STORAGE_UNAVAILABLE')).toBe(true);
        expect(Bun.inspect(reading)).not.toContain('Signature');
        await proxy.set({ kind, direction: 'down', afterBytes: 2_000 });
        const listing = await listAll(through, prefix).catch((thrown) => thrown);
        expect(isAppError(listing, 'STORAGE_UNAVAILABLE')).toBe(true);
      }
      await proxy.set({ kind: 'pass' });
    }, 30_000);

    test('fails once and recovers is not noticed', async () => {
      const { store, samples } = context();
      const { store: through, proxy } = faulty();
      const file = await samples.of(bytesOf(500_000));
      const key = keyUnder(freshPrefix(), 'a.jpg');
      await proxy.set({ kind: 'reset' });
      const before = proxy.accepted;
      const put = through.put(key, file, 'image/jpeg');
      // no longer than that: the second attempt follows within milliseconds
      while (proxy.accepted === before) await Bun.sleep(1);
      await proxy.set({ kind: 'pass' });
      await put;
      expect((await store.head(key))?.sha256).toBe(file.sha256);
    });

    test('stored the bytes but whose answer was lost: the retry finds them and succeeds', async () => {
      const { store, samples } = context();
      const { store: through, proxy } = faulty();
      const bytes = bytesOf(500_000);
      const key = keyUnder(freshPrefix(), 'a.jpg');
      await proxy.set({ kind: 'hang', direction: 'down' });
      const put = through.put(key, await samples.of(bytes), 'image/jpeg');
      while (!(await store.head(key))) await Bun.sleep(20);
      // ends the connection on which the answer was swallowed
      await proxy.set({ kind: 'pass' });
      await put;
      expect((await store.head(key))?.sha256).toBe(sha256OfBytes(bytes));
    });

    test('is slow but does answer is waited for', async () => {
      const { samples } = context();
      const { store: through, proxy } = faulty();
      await proxy.set({ kind: 'slow', bytesPerSecond: 2_000_000 });
      const key = keyUnder(freshPrefix(), 'a.jpg');
      const file = await samples.of(bytesOf(1_000_000));
      await through.put(key, file, 'image/jpeg');
      expect(sha256OfBytes(await readAll(await through.get(key)))).toBe(file.sha256);
      await proxy.set({ kind: 'pass' });
    });
  });
}
