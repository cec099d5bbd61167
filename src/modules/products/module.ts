import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import { directUploadsRouter } from './api/direct-uploads';
import { productsRouter } from './api/router';
import { changeStatus } from './application/change-status';
import { deleteProduct } from './application/delete-product';
import { editPrompt } from './application/edit-prompt';
import { getProduct } from './application/get-product';
import { listProducts } from './application/list-products';
import { productHistory } from './application/product-history';
import { removeImage } from './application/remove-image';
import { reorderImages } from './application/reorder-images';
import { setLegalHold } from './application/set-legal-hold';
import { setPrimaryImage } from './application/set-primary-image';
import { signImageUrls } from './application/sign-image-urls';
import { type DirectPartsDeps, directUploadUseCases } from './direct-upload-parts';
import type { DrainSoon, ImageUrls } from './domain/ports';
import { postgresLegalHolds } from './infrastructure/postgres-legal-holds';
import { productRepository } from './infrastructure/product-repository';
import { postgresStatusStore } from './infrastructure/status-store';
import { storedUrls } from './infrastructure/stored-url';
import { type UploadPartsDeps, uploadUseCases } from './upload-parts';

export interface ProductsModuleDeps extends UploadPartsDeps, DirectPartsDeps {
  readonly database: Database;
  readonly imageUrls: ImageUrls;
  readonly drainSoon: DrainSoon;
  /** The store's bucket, and the names it had before (S3_FORMER_BUCKET_NAMES). */
  readonly bucket: string;
  readonly formerBuckets: readonly string[];
  readonly urlTtlSeconds: number;
}

/** Part of the composition root: gives the use cases their dependencies. */
export function productsModule(deps: ProductsModuleDeps) {
  const inTransaction = transactionsOf(deps.database);
  const urls = storedUrls(deps.bucket, deps.formerBuckets);
  const products = productRepository(deps.database, urls);
  const common = { ...deps, inTransaction, products, storedUrls: urls };
  return {
    router: productsRouter({
      ...uploadUseCases(common),
      listProducts: listProducts(common),
      getProduct: getProduct(common),
      productHistory: productHistory(common),
      editPrompt: editPrompt(common),
      deleteProduct: deleteProduct(common),
      setPrimaryImage: setPrimaryImage(common),
      reorderImages: reorderImages(common),
      removeImage: removeImage(common),
      signImageUrls: signImageUrls(common),
    }),
    uploadsRouter: directUploadsRouter(directUploadUseCases(common)),
    changeStatus: changeStatus({ inTransaction, statuses: postgresStatusStore }),
    setLegalHold: setLegalHold({ holds: postgresLegalHolds(deps.database.orm), log: deps.log }),
    /** Reads the URLs by which rows name their objects. */
    keyOf: urls.keyOf,
  };
}
