import { expect, test } from 'bun:test';
import { silentLog } from '../../../../../tests/support/log';
import type { ObjectKey } from '../../../../kernel/object-key';
import { ObjectsNotDeleted } from '../../../../kernel/objects-not-deleted';
import type { QuarantinedObject, QuarantineJournal } from '../../domain/quarantine';
import { StepIncomplete } from '../../domain/upkeep-step';
import { quarantineExpiry } from './expire';

/** Never. */
const LOST = new AbortController().signal;

const unnamed = { namesOf: async () => new Map() };

test('what the store keeps stays claimed, keeps nothing else, and fails the step at its end', async () => {
  const keys = Array.from({ length: 250 }, (_, at) => `products/${String(at).padStart(3, '0')}` as ObjectKey);
  const left = new Set(keys);
  const locked = new Set(keys.slice(0, 120));
  const quarantine = {
    claim: async () => undefined,
    expired: async (_ttl: number, after: ObjectKey | null, limit: number) =>
      [...left]
        .filter((key) => after === null || key > after)
        .slice(0, limit)
        .map((key) => ({ key, quarantineKey: key }) as QuarantinedObject),
    forget: async (key: ObjectKey) => void left.delete(key),
  } as unknown as QuarantineJournal;
  const deleteMany = async (asked: readonly ObjectKey[]) => {
    const kept = asked.filter((key) => locked.has(key));
    if (kept.length > 0) throw new ObjectsNotDeleted(kept, 'locked');
  };
  const expiry = quarantineExpiry({
    quarantine,
    store: { deleteMany },
    exclusively: (work) => work(LOST),
    ttlSeconds: 1,
    rows: unnamed,
    log: silentLog,
  });
  const failure = await expiry.run(new AbortController().signal).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StepIncomplete);
  expect(failure).toMatchObject({ counts: { quarantined_objects: 130, undeletable: 120 } });
  expect(left).toEqual(locked);
});

test('expiry gives the lock away after each page, so that an audit need not wait for all of them', async () => {
  const keys = Array.from({ length: 250 }, (_, at) => `products/${at}` as ObjectKey);
  const left = new Set(keys);
  const ofHolds: number[] = [];
  const quarantine = {
    claim: async () => undefined,
    expired: async (_ttl: number, _after: ObjectKey | null, limit: number) =>
      [...left].slice(0, limit).map((key) => ({ key, quarantineKey: key }) as QuarantinedObject),
    forget: async (key: ObjectKey) => void left.delete(key),
  } as unknown as QuarantineJournal;
  const exclusively = async <Result>(work: (lost: AbortSignal) => Promise<Result>): Promise<Result> => {
    const before = left.size;
    const result = await work(LOST);
    ofHolds.push(before - left.size);
    return result;
  };
  const store = { deleteMany: async () => undefined };
  const { signal } = new AbortController();
  const expiry = quarantineExpiry({ quarantine, store, exclusively, ttlSeconds: 1, rows: unnamed, log: silentLog });
  expect(await expiry.run(signal)).toEqual({ quarantined_objects: 250 });
  expect(ofHolds).toEqual([100, 100, 50]);
});
