import type { Log } from '../../../../kernel/log';
import type { ObjectKind } from '../../../../kernel/object-key';
import type { Worker } from '../../../../kernel/principal';
import { type LeaseId, requireCurrent } from '../../domain/work/lease';
import type { Leases, RecordOriginals, WorkMetrics } from '../../domain/work/ports';
import { findLease } from './require-lease';
import { type SignedImage, type SigningDeps, signImages } from './signed-images';

export interface LeaseUrlsDeps extends SigningDeps {
  readonly leases: Pick<Leases, 'find' | 'images'>;
  readonly metrics: Pick<WorkMetrics, 'originalsIssued'>;
  readonly log: Log;
  readonly recordOriginals: RecordOriginals;
}

/**
 * Fresh URLs, of the images as they are now: revoking the product's URLs moves them. An original carries whatever its camera
 * wrote into it, the place included: it is given only to who names it, and that is written down first.
 * @throws AppError NOT_FOUND, LEASE_LOST
 */
export const leaseUrls =
  (deps: LeaseUrlsDeps) =>
  async (worker: Worker, id: LeaseId, kinds: readonly ObjectKind[]): Promise<readonly SignedImage[]> => {
    const lease = await findLease(deps.leases, worker, id);
    requireCurrent(lease);
    const images = await deps.leases.images(lease);
    if (kinds.includes('original')) {
      const { productId, worker: name } = lease;
      const image_ids = images.map((image) => image.id);
      await deps.recordOriginals({ holder: worker.userId, productId, lease_id: id, worker: name, image_ids });
      deps.log.info(
        {
          audit: 'original_url_issued',
          lease_id: id,
          product_id: productId,
          account_id: worker.userId,
          worker: name,
          image_ids,
        },
        'URLs of originals were issued to a worker',
      );
      deps.metrics.originalsIssued(images.length);
    }
    return signImages(deps, images, kinds, lease.expiresAt);
  };
