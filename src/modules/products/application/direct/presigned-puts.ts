import type { Clock } from '../../../../kernel/clock';
import type { ImageId, ProductId } from '../../../../kernel/ids';
import type { DirectImage } from '../../domain/direct-upload';
import type { DirectObjects, PresignedPut } from '../../domain/direct-upload-ports';

/** From when to when a presigned PUT works, at most. Whole seconds. */
export interface PutTimes {
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export interface PutSigning {
  readonly objects: Pick<DirectObjects, 'signPut'>;
  readonly clock: Clock;
  /** PUT_URL_TTL_SECONDS */
  readonly putUrlTtlSeconds: number;
}

export interface ImagePut extends PresignedPut {
  readonly imageId: ImageId;
}

/** What a client is told to do next: one PUT for each image whose bytes have not come. */
export interface AwaitedUpload {
  readonly productId: ProductId;
  readonly puts: readonly ImagePut[];
}

export function putTimes({ clock, putUrlTtlSeconds }: Omit<PutSigning, 'objects'>): PutTimes {
  const issuedAt = new Date(Math.floor(clock().getTime() / 1000) * 1000);
  return { issuedAt, expiresAt: new Date(issuedAt.getTime() + putUrlTtlSeconds * 1000) };
}

/**
 * To be called last in the transaction that tells the journal these times, and to be answered when it is committed: a URL that nobody
 * has written down could leave an object behind.
 * @throws AppError STORAGE_UNAVAILABLE
 */
export function signPuts(
  { objects }: Pick<PutSigning, 'objects'>,
  images: readonly DirectImage[],
  times: PutTimes,
): ImagePut[] {
  return images.map(({ id, key, contentType, sizeBytes, sha256 }) => ({
    ...objects.signPut({ key, contentType, sizeBytes, sha256, ...times }),
    imageId: id,
  }));
}
