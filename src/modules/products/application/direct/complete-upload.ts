import { AppError, isAppError } from '../../../../kernel/app-error';
import type { ProductId } from '../../../../kernel/ids';
import type { Seller } from '../../../../kernel/principal';
import type { DirectUpload } from '../../domain/direct-upload';
import type { DirectUploads } from '../../domain/direct-upload-ports';
import type { Product } from '../../domain/product';
import { stateOfDirectUpload, type UploadProgress } from '../../domain/upload-progress';
import { type SignedProduct, type Signing, signProduct } from '../signed-product';
import { type KeepImagesDeps, keepImages } from './keep-images';
import { type VerifyImagesDeps, verifyImages } from './verify-images';

export interface CompleteUploadDeps extends VerifyImagesDeps, KeepImagesDeps, Signing {
  readonly uploads: Pick<DirectUploads, 'find' | 'lock'>;
  readonly progress?: UploadProgress;
}

/** How often what was verified may turn out to have been declared anew meanwhile. */
const ROUNDS = 3;

/**
 * Makes the product of what has been uploaded. Everything is verified and copied before the transaction, which only takes what is
 * still declared as it was verified. Safe to repeat, and to call twice at once: both get the product.
 * @throws AppError PRODUCT_NOT_FOUND; UPLOAD_INCOMPLETE, naming the images; CONFLICT where they keep being declared anew
 */
export const completeUpload =
  (deps: CompleteUploadDeps) =>
  async (seller: Seller, id: ProductId): Promise<SignedProduct> => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const upload = await deps.uploads.find(seller, id);
      if (!upload) return signProduct(deps, await completedProduct(deps, seller, id));
      const facts = await verifyUnlessEnded(deps, seller, upload);
      if (!facts) return signProduct(deps, await completedProduct(deps, seller, id));
      deps.progress?.tell(stateOfDirectUpload({ userId: seller.userId, productId: id }, upload.images, () => true));
      const product = await keepImages(deps, seller, upload, facts);
      if (!product) continue;
      deps.prepareQueue.wake();
      return signProduct(deps, product);
    }
    throw new AppError('CONFLICT', 'The images were declared anew while they were verified.');
  };

/** @returns null where another call has completed or ended the upload meanwhile: the keys of its PUTs are deleted then */
async function verifyUnlessEnded(deps: CompleteUploadDeps, seller: Seller, { productId, images }: DirectUpload) {
  try {
    return await verifyImages(deps, images);
  } catch (error) {
    if (!isAppError(error, 'UPLOAD_INCOMPLETE') || (await deps.uploads.find(seller, productId))) throw error;
    return null;
  }
}

async function completedProduct(deps: CompleteUploadDeps, seller: Seller, id: ProductId): Promise<Product> {
  const product = await deps.products.find(seller, id);
  if (!product) throw new AppError('PRODUCT_NOT_FOUND');
  return product;
}
