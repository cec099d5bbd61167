import { expect, test } from 'bun:test';
import { type ImageId, newId, type ProductId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import { sha256OfBytes } from '../../../../kernel/sha256';
import type { Transaction } from '../../../../kernel/transaction';
import type { Lease, LeaseId } from '../../domain/work/lease';
import { resultUrls } from './result-urls';

test('a PUT is said to end when it does, and the journal looks for it until the end that was asked for', async () => {
  const now = new Date('2026-12-01T00:00:00.700Z');
  const [leaseEnds, sessionEnds] = [new Date('2026-12-01T00:30:00Z'), new Date('2026-12-01T00:06:00Z')];
  const lease: Lease = {
    id: newId<LeaseId>(),
    productId: newId<ProductId>(),
    phase: 'processing',
    worker: 'tests',
    state: 'live',
    isCurrent: true,
    attempt: 1,
    leaseSeconds: 1800,
    expiresAt: leaseEnds,
    answer: null,
    createdAt: now,
  };
  const image = newId<ImageId>();
  const sha256 = sha256OfBytes('x');
  const keys = { original: null, thumb: null, model: null, processed: null };
  const journalled: Date[] = [];
  const answer = await resultUrls({
    leases: {
      lock: async () => lease,
      images: async () => [{ id: image, isPrimary: true, isRefused: false, sha256, keys }],
    },
    results: {
      announced: async () => [],
      announce: async (_tx, _lease, _results, until) => void journalled.push(until),
    },
    objects: { signPut: () => ({ method: 'PUT', url: 'https://store.test/a', headers: {}, expiresAt: sessionEnds }) },
    inTransaction: (work) => work({} as Transaction),
    clock: () => now,
    limits: { maxImages: 8, maxImageBytes: 1000 },
  })({} as Worker, lease.id, [{ imageId: image, contentType: 'image/webp', sizeBytes: 1, sha256 }]);
  expect(answer).toMatchObject([{ imageId: image, expiresAt: sessionEnds }]);
  expect(journalled).toEqual([leaseEnds]);
});
