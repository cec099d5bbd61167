import { AppError } from '../../../../kernel/app-error';
import type { ImageId, ProductId } from '../../../../kernel/ids';
import type { Seller } from '../../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../../kernel/transaction';
import type { DirectUpload } from '../../domain/direct-upload';
import type { DirectUploads } from '../../domain/direct-upload-ports';
import type { ImageFacts } from '../../domain/images/image-facts';
import type { ProductReads, ProductWrites } from '../../domain/ports';
import type { PrepareQueue } from '../../domain/prepare-queue';
import type { PlacedImage, Product } from '../../domain/product';
import type { AttemptJournal, UploadedProducts } from '../../domain/upload-ports';
import { stateOfDirectUpload, type UploadProgress } from '../../domain/upload-progress';
import { type SignedProduct, type Signing, signProduct } from '../signed-product';
import { type VerifyImagesDeps, verifyImages } from './verify-images';

export interface CompleteUploadDeps extends VerifyImagesDeps, Signing {
  readonly uploads: Pick<DirectUploads, 'find' | 'lock'>;
  readonly uploadedProducts: Pick<UploadedProducts, 'insert'>;
  readonly products: Pick<ProductReads, 'find'> & Pick<ProductWrites, 'reload'>;
  readonly journal: Pick<AttemptJournal, 'settle'>;
  readonly prepareQueue: PrepareQueue;
  readonly progress?: UploadProgress;
  readonly inTransaction: InTransaction;
}

/** How often what was verified may turn out to have been declared anew meanwhile. */
const ROUNDS = 3;

/**
 * Makes the product of what has been uploaded. Everything is verified before the transaction, which only takes what is still
 * declared as it was verified. Safe to repeat, and to call twice at once: both get the product.
 * @throws AppError PRODUCT_NOT_FOUND; UPLOAD_INCOMPLETE, naming the images; CONFLICT where they keep being declared anew
 */
export const completeUpload =
  (deps: CompleteUploadDeps) =>
  async (seller: Seller, id: ProductId): Promise<SignedProduct> => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const upload = await deps.uploads.find(seller, id);
      if (!upload) return signProduct(deps, await completedProduct(deps, seller, id));
      const facts = await verifyImages(deps, upload.images);
      const state = stateOfDirectUpload({ userId: seller.userId, productId: id }, upload.images, () => true);
      deps.progress?.tell(state);
      const product = await deps.inTransaction((tx) => commit(deps, tx, seller, upload, facts));
      if (!product) continue;
      deps.prepareQueue.wake();
      return signProduct(deps, product);
    }
    throw new AppError('CONFLICT', 'The images were declared anew while they were verified.');
  };

async function completedProduct(deps: CompleteUploadDeps, seller: Seller, id: ProductId): Promise<Product> {
  const product = await deps.products.find(seller, id);
  if (!product) throw new AppError('PRODUCT_NOT_FOUND');
  return product;
}

/** Null where it is not what was verified any more: completed by another, ended, or declared anew. */
async function commit(
  deps: CompleteUploadDeps,
  tx: Transaction,
  seller: Seller,
  verified: DirectUpload,
  facts: ReadonlyMap<ImageId, ImageFacts>,
): Promise<Product | null> {
  const upload = await deps.uploads.lock(tx, seller, verified.productId);
  if (upload?.intentId !== verified.intentId) return null;
  const keys = new Set(verified.images.map(({ key }) => key));
  if (!upload.images.every(({ key }) => keys.has(key))) return null;
  const images = upload.images.map((image) => placed(image, facts));
  // Takes the rows of the upload with it, and journals what was superseded (drizzle/0003_direct_upload_rules.sql).
  await deps.journal.settle(tx, upload.intentId);
  await deps.uploadedProducts.insert(tx, seller, { id: upload.productId, prompt: upload.prompt, images });
  await deps.prepareQueue.enqueue(tx, upload.productId);
  return deps.products.reload(tx, seller, upload.productId);
}

function placed(
  { id, position, isPrimary, key, sizeBytes, sha256, putExpiresAt }: DirectUpload['images'][number],
  facts: ReadonlyMap<ImageId, ImageFacts>,
): PlacedImage {
  const found = facts.get(id);
  if (!found) throw new Error('an image that was not verified');
  return { id, position, isPrimary, key, facts: found, file: { sizeBytes, sha256 }, putExpiresAt };
}
