import { AppError } from '../../../../kernel/app-error';
import { type ImageId, newId, type ProductId } from '../../../../kernel/ids';
import { attemptPrefix, type ObjectKey } from '../../../../kernel/object-key';
import type { Seller } from '../../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../../kernel/transaction';
import {
  type AnnouncedImage,
  bytesOf,
  type DeclarationLimits,
  judgeDeclarations,
  requireTotal,
} from '../../domain/declared-images';
import {
  type DirectImage,
  type DirectUpload,
  type DirectUploadLimits,
  directFingerprint,
  type ImageDeclaration,
  isSameDeclaration,
  originalKey,
  START_PROCEDURE,
} from '../../domain/direct-upload';
import type { DirectObjects, DirectUploads } from '../../domain/direct-upload-ports';
import type { ProductReads } from '../../domain/ports';
import type { RequireQuota } from '../../domain/quota';
import type { IdempotencyKeys } from '../../domain/upload-ports';
import { stateOfDirectUpload, type UploadProgress } from '../../domain/upload-progress';
import { type AwaitedUpload, type PutSigning, putTimes, signPuts } from './presigned-puts';

export interface RenewUploadUrlsDeps extends PutSigning {
  readonly objects: DirectObjects;
  readonly uploads: Pick<DirectUploads, 'countOpen' | 'find' | 'lock' | 'countReplaced' | 'replace' | 'extendPuts'>;
  readonly keys: Pick<IdempotencyKeys, 'restate'>;
  readonly products: Pick<ProductReads, 'find'>;
  readonly inTransaction: InTransaction;
  readonly requireQuota: RequireQuota;
  readonly limits: DeclarationLimits & Pick<DirectUploadLimits, 'maxReplacements'>;
  readonly progress?: UploadProgress;
}

/** Another photo in the place of one that was announced. */
export interface ChangedImage extends AnnouncedImage {
  readonly imageId: ImageId;
}

type Found = ReadonlyMap<ObjectKey, 'right' | 'wrong'>;

/**
 * Fresh PUTs for the images whose bytes have not come; none where the upload is complete already, be it since a moment, as another
 * client that sends the same one may have done. A changed declaration gets a new key; the old one is deleted with completion, or
 * with the whole attempt.
 * @throws AppError PRODUCT_NOT_FOUND, IMAGE_NOT_FOUND, VALIDATION_FAILED (an image named twice), QUOTA_EXCEEDED (announced anew
 *   too often, or more than there is room for), CONFLICT (announced anew, and complete), and those of `judgeDeclarations`
 */
export const renewUploadUrls =
  (deps: RenewUploadUrlsDeps) =>
  async (seller: Seller, id: ProductId, changed: readonly ChangedImage[]): Promise<AwaitedUpload> => {
    const changes = judgeChanges(deps.limits, changed);
    const seen = await deps.uploads.find(seller, id);
    const renewed = seen && (await renew(deps, seller, seen, changes));
    return renewed ?? ofCompleted(deps, seller, id, changes);
  };

type Changes = ReadonlyMap<ImageId, ImageDeclaration>;

/** @returns null where it is open no more */
async function renew(
  deps: RenewUploadUrlsDeps,
  seller: Seller,
  { productId: id, images: seen }: DirectUpload,
  changes: Changes,
): Promise<AwaitedUpload | null> {
  // Asked before the transaction. Keys are write-once: what is there stays, and a key that is new by then is not there.
  const found = await objectsAt(deps.objects, seen);
  const times = putTimes(deps);
  const mayReplace = changes.size > 0 || [...found.values()].includes('wrong');
  const renewed = await deps.inTransaction(async (tx) => {
    const others = mayReplace ? await deps.uploads.countOpen(tx, seller, id) : { bytes: 0 };
    const upload = await deps.uploads.lock(tx, seller, id);
    if (!upload) return null;
    const images = redeclare(upload, changes, found, times.expiresAt);
    requireTotal(deps.limits, images);
    const replaced = images.filter((image, index) => image.key !== upload.images[index]?.key);
    if (replaced.length > 0) {
      await deps.requireQuota(seller, { products: 0, bytes: others.bytes + bytesOf(images) }, tx);
      await replace(deps, tx, upload, replaced);
      const fingerprint = directFingerprint({ ...upload, images });
      await deps.keys.restate(tx, { seller, procedure: START_PROCEDURE }, upload.intentId, fingerprint);
    }
    const unsent = images.filter(({ key }) => found.get(key) !== 'right');
    if (unsent.length > 0) await deps.uploads.extendPuts(tx, upload, unsent, times.expiresAt);
    return { images, puts: signPuts(deps, unsent, times) };
  });
  if (!renewed) return null;
  const { images, puts } = renewed;
  const isThere = (index: number) => found.get(images[index]?.key as ObjectKey) === 'right';
  deps.progress?.tell(stateOfDirectUpload({ userId: seller.userId, productId: id }, images, isThere));
  return { productId: id, puts };
}

async function ofCompleted(
  { products }: Pick<RenewUploadUrlsDeps, 'products'>,
  seller: Seller,
  id: ProductId,
  changes: Changes,
): Promise<AwaitedUpload> {
  if (!(await products.find(seller, id))) throw new AppError('PRODUCT_NOT_FOUND');
  if (changes.size > 0) throw new AppError('CONFLICT', 'The upload is complete: no photo of it can be announced anew.');
  return { productId: id, puts: [] };
}

async function replace(
  { uploads, limits }: Pick<RenewUploadUrlsDeps, 'uploads' | 'limits'>,
  tx: Transaction,
  upload: DirectUpload,
  images: readonly DirectImage[],
): Promise<void> {
  const soFar = await uploads.countReplaced(tx, upload);
  if (soFar + images.length > limits.maxReplacements) {
    throw new AppError(
      'QUOTA_EXCEEDED',
      `At most ${limits.maxReplacements} images of an upload may be announced anew.`,
    );
  }
  await uploads.replace(tx, images);
}

function judgeChanges(limits: DeclarationLimits, changed: readonly ChangedImage[]): Changes {
  if (changed.length === 0) return new Map();
  const declared = judgeDeclarations(limits, changed);
  const changes = new Map(declared.map((declaration, index) => [changed[index]?.imageId as ImageId, declaration]));
  if (changes.size === changed.length) return changes;
  throw new AppError('VALIDATION_FAILED', 'An image was named twice.', { details: { field: 'images' } });
}

async function objectsAt(objects: Pick<DirectObjects, 'head'>, images: readonly DirectImage[]): Promise<Found> {
  const found = new Map<ObjectKey, 'right' | 'wrong'>();
  const look = async ({ key, sizeBytes, sha256 }: DirectImage) => {
    const head = await objects.head(key);
    if (head) found.set(key, head.sizeBytes === sizeBytes && head.sha256 === sha256 ? 'right' : 'wrong');
  };
  await Promise.all(images.map(look));
  return found;
}

/** The images as they are to be from now on. A key that holds other bytes than declared can't be written again: it is given up too. */
function redeclare(
  { productId, intentId, images }: DirectUpload,
  changes: Changes,
  found: Found,
  putExpiresAt: Date,
): DirectImage[] {
  for (const id of changes.keys()) {
    if (!images.some((image) => image.id === id)) throw new AppError('IMAGE_NOT_FOUND');
  }
  const prefix = attemptPrefix(productId, intentId);
  return images.map((image) => {
    const declaration = changes.get(image.id) ?? image;
    if (isSameDeclaration(image, declaration) && found.get(image.key) !== 'wrong') return image;
    return { ...image, ...declaration, key: originalKey(prefix, newId<ImageId>(), declaration), putExpiresAt };
  });
}
