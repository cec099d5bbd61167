import { AppError } from '../../../../kernel/app-error';
import type { Clock } from '../../../../kernel/clock';
import { type ImageId, newId } from '../../../../kernel/ids';
import type { Worker } from '../../../../kernel/principal';
import type { InTransaction } from '../../../../kernel/transaction';
import { type Lease, type LeaseId, requireCurrent, type WorkImage } from '../../domain/work/lease';
import type { Leases, ResultObjects, WorkResults } from '../../domain/work/ports';
import {
  type AnnouncedResult,
  type AwaitedResult,
  type DeclaredResult,
  isSameResult,
  judgeResults,
  putKey,
  type ResultLimits,
} from '../../domain/work/results';
import { lockLease } from './require-lease';
import { urlSeconds } from './signed-images';

export interface ResultUrlsDeps {
  readonly leases: Pick<Leases, 'lock' | 'images'>;
  readonly results: Pick<WorkResults, 'announced' | 'announce'>;
  readonly objects: Pick<ResultObjects, 'signPut'>;
  readonly inTransaction: InTransaction;
  readonly clock: Clock;
  readonly limits: ResultLimits;
}

export interface ResultPut extends ReturnType<ResultObjects['signPut']> {
  readonly imageId: ImageId;
}

/**
 * PUTs for processed images. An announcement that has changed gets a new key; the old one goes with the end of the lease. They are
 * signed when the journal knows of their times: a URL that nobody has written down could leave an object behind.
 * @throws AppError NOT_FOUND, LEASE_LOST, IMAGE_NOT_FOUND, CONFLICT while publishing, and those of `judgeResults`
 */
export const resultUrls =
  (deps: ResultUrlsDeps) =>
  async (worker: Worker, id: LeaseId, announced: readonly AnnouncedResult[]): Promise<readonly ResultPut[]> => {
    const declared = judgeResults(deps.limits, announced);
    const { awaited, times } = await deps.inTransaction(async (tx) => {
      const lease = await lockLease(deps.leases, tx, worker, id);
      requireCurrent(lease);
      if (lease.phase !== 'processing') throw new AppError('CONFLICT', 'Processed images are stored while processing.');
      requireImages(await deps.leases.images(lease, tx), declared);
      const before = await deps.results.announced(lease, tx);
      const awaited = declared.map((result) => awaitedOf(lease, before, result));
      const times = putTimes(deps.clock(), lease.expiresAt);
      await deps.results.announce(tx, lease, awaited, times.expiresAt);
      return { awaited, times };
    });
    return awaited.map(({ imageId, ...result }) => ({
      ...deps.objects.signPut({ ...result, ...times }),
      imageId,
    }));
  };

function requireImages(images: readonly WorkImage[], declared: readonly DeclaredResult[]): void {
  const known = new Set(images.map(({ id }) => id));
  const unknown = declared.find(({ imageId }) => !known.has(imageId));
  if (unknown) throw new AppError('IMAGE_NOT_FOUND', undefined, { details: { image_id: unknown.imageId } });
}

function awaitedOf(lease: Lease, before: readonly AwaitedResult[], result: DeclaredResult): AwaitedResult {
  const same = before.find((one) => one.imageId === result.imageId && isSameResult(one, result));
  return same ?? { ...result, key: putKey(lease.productId, lease.id, newId<ImageId>(), result) };
}

/** Whole seconds, as signatures count. */
function putTimes(now: Date, leaseEnds: Date): { issuedAt: Date; expiresAt: Date } {
  const issuedAt = new Date(Math.floor(now.getTime() / 1000) * 1000);
  return { issuedAt, expiresAt: new Date(issuedAt.getTime() + urlSeconds(issuedAt, leaseEnds) * 1000) };
}
