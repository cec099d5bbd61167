import { expect, test } from 'bun:test';
import type { ObjectKey } from '../../../../kernel/object-key';
import type { QuarantinedObject, QuarantineJournal } from '../../domain/quarantine';
import { quarantineExpiry } from './expire';

test('expiry gives the lock away after each page, so that an audit need not wait for all of them', async () => {
  const keys = Array.from({ length: 250 }, (_, at) => `products/${at}` as ObjectKey);
  const left = new Set(keys);
  const ofHolds: number[] = [];
  const quarantine = {
    claimExpired: async (_ttl: number, limit: number) =>
      [...left].slice(0, limit).map((key) => ({ key, quarantineKey: key }) as QuarantinedObject),
    forget: async (key: ObjectKey) => void left.delete(key),
  } as unknown as QuarantineJournal;
  const exclusively = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const before = left.size;
    const result = await work();
    ofHolds.push(before - left.size);
    return result;
  };
  const store = { deleteMany: async () => undefined };
  const { signal } = new AbortController();
  const expiry = quarantineExpiry({ quarantine, store, exclusively, ttlSeconds: 1 });
  expect(await expiry.run(signal)).toEqual({ quarantined_objects: 250 });
  expect(ofHolds).toEqual([100, 100, 50]);
});
