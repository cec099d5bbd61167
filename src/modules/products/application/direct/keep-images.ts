import { type AttemptId, type ImageId, newId } from '../../../../kernel/ids';
import { attemptPrefix, type KeyPrefix } from '../../../../kernel/object-key';
import type { Seller } from '../../../../kernel/principal';
import type { Transaction } from '../../../../kernel/transaction';
import { type DirectImage, type DirectUpload, originalKey } from '../../domain/direct-upload';
import type { DirectUploads } from '../../domain/direct-upload-ports';
import type { ImageFacts } from '../../domain/images/image-facts';
import type { ProductReads, ProductWrites } from '../../domain/ports';
import type { PrepareQueue } from '../../domain/prepare-queue';
import type { PlacedImage, Product } from '../../domain/product';
import type { ObjectCopies } from '../../domain/rekey';
import type { UploadedProducts } from '../../domain/upload-ports';
import { ChangedMeanwhile } from '../changed-meanwhile';
import { type GiveUpDeps, giveUp } from '../give-up-upload';
import { WritingAttempt, type WritingDeps } from '../writing-attempt';

export interface KeepImagesDeps extends WritingDeps, GiveUpDeps {
  readonly uploads: Pick<DirectUploads, 'lock'>;
  readonly uploadedProducts: Pick<UploadedProducts, 'insert'>;
  readonly products: Pick<ProductReads, 'find'> & Pick<ProductWrites, 'reload'>;
  readonly copies: ObjectCopies;
  readonly prepareQueue: PrepareQueue;
}

/**
 * Makes the product of images that have been verified. Its rows name copies, under the prefix of an attempt of this call: whoever
 * still has a PUT URL can bring the key back that it was signed for, but no GET URL ever names that one.
 * @returns null where the upload is not what was verified any more: completed by another, ended, or declared anew
 */
export async function keepImages(
  deps: KeepImagesDeps,
  seller: Seller,
  verified: DirectUpload,
  facts: ReadonlyMap<ImageId, ImageFacts>,
): Promise<Product | null> {
  const { productId } = verified;
  const id = newId<AttemptId>();
  const prefix = attemptPrefix(productId, id);
  const attempt = new WritingAttempt<PlacedImage>(deps, { id, kind: 'rekey', productId, prefix });
  try {
    for (const image of verified.images) attempt.begin(() => copyOne(deps, prefix, image, facts));
    const images = await attempt.written();
    return await deps.inTransaction((tx) => commit(deps, tx, seller, { verified, images, attempt: id }));
  } catch (error) {
    const committed = async () => {
      const product = await deps.products.find(seller, productId);
      return product?.images.some(({ keys }) => keys.original.startsWith(prefix)) ? product : null;
    };
    return await giveUp(deps, { attempt, claim: null, committed }, error).catch((reason) => {
      if (reason instanceof ChangedMeanwhile) return null;
      throw reason;
    });
  } finally {
    attempt.rest();
  }
}

async function copyOne(
  { copies }: KeepImagesDeps,
  prefix: KeyPrefix,
  image: DirectImage,
  facts: ReadonlyMap<ImageId, ImageFacts>,
): Promise<PlacedImage> {
  const { id, position, isPrimary, sizeBytes, sha256 } = image;
  const found = facts.get(id);
  if (!found) throw new Error('an image that was not verified');
  const key = originalKey(prefix, id, image);
  const isCopied = await copies.copy(image.key, key, { sha256, sizeBytes });
  if (!isCopied) throw new ChangedMeanwhile();
  return { id, position, isPrimary, key, facts: found, file: { sizeBytes, sha256 } };
}

async function commit(
  { uploads, journal, uploadedProducts, products, prepareQueue }: KeepImagesDeps,
  tx: Transaction,
  seller: Seller,
  { verified, images, attempt }: { verified: DirectUpload; images: readonly PlacedImage[]; attempt: AttemptId },
): Promise<Product> {
  const upload = await uploads.lock(tx, seller, verified.productId);
  if (upload?.intentId !== verified.intentId) throw new ChangedMeanwhile();
  const keys = new Set(verified.images.map(({ key }) => key));
  if (!upload.images.every(({ key }) => keys.has(key))) throw new ChangedMeanwhile();
  await journal.settle(tx, attempt);
  // Takes the rows of the upload with it, and journals every key that has had a PUT URL (drizzle/0004_direct_upload_copies.sql).
  await journal.settle(tx, upload.intentId);
  await prepareQueue.enqueue(tx, upload.productId, seller.userId);
  // late: from here to the end of COMMIT, commits of the same seller wait
  await uploadedProducts.insert(tx, seller, { id: upload.productId, prompt: upload.prompt, images });
  return products.reload(tx, seller, upload.productId);
}
