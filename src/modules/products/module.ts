import type { ImageId } from '../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../kernel/object-key';
import type { Database } from '../../platform/database/database';
import { transactionsOf } from '../../platform/database/transaction';
import { directUploadsRouter } from './api/direct-uploads';
import { productsRouter } from './api/router';
import { changeStatus, changeStatusWithin } from './application/change-status';
import { deleteProduct } from './application/delete-product';
import { editPrompt } from './application/edit-prompt';
import { getProduct } from './application/get-product';
import { leadOn } from './application/lead-on';
import { listProducts } from './application/list-products';
import { productHistory } from './application/product-history';
import { removeImage } from './application/remove-image';
import { reorderImages } from './application/reorder-images';
import { setLegalHold } from './application/set-legal-hold';
import { setPrimaryImage } from './application/set-primary-image';
import { signImageUrls } from './application/sign-image-urls';
import { signKey } from './application/signed-product';
import { arrivalsOf, type DirectPartsDeps, directUploadUseCases, resultVerifier } from './direct-upload-parts';
import type { DrainSoon, ImageUrls } from './domain/ports';
import { type Quota, requireQuota } from './domain/quota';
import { postgresLegalHolds } from './infrastructure/postgres-legal-holds';
import { postgresSellerLedger } from './infrastructure/postgres-seller-ledger';
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
  /** What one seller may have. */
  readonly quota: Quota;
  /** Where clients reach this server; known when it listens. */
  readonly publicUrl: () => string;
}

export type ProductsModule = ReturnType<typeof productsModule>;

/** Part of the composition root: gives the use cases their dependencies. */
export function productsModule(deps: ProductsModuleDeps) {
  const inTransaction = transactionsOf(deps.database);
  const urls = storedUrls(deps.bucket, deps.formerBuckets);
  const products = productRepository(deps.database, urls, deps.quota);
  const common = {
    ...deps,
    inTransaction,
    products,
    storedUrls: urls,
    requireQuota: requireQuota(deps.quota, postgresSellerLedger(deps.database.orm)),
    changeStatusWithin: changeStatusWithin(postgresStatusStore),
  };
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
      leadOn: leadOn(common),
    }),
    uploadsRouter: directUploadsRouter(directUploadUseCases(common)),
    changeStatus: changeStatus({ inTransaction, statuses: postgresStatusStore }),
    /** The same as the last step of another module's transaction. */
    changeStatusWithin: common.changeStatusWithin,
    setLegalHold: setLegalHold({ holds: postgresLegalHolds(deps.database.orm), log: deps.log }),
    /** Reads the URLs by which rows name their objects. */
    keyOf: urls.keyOf,
    urlOf: urls.urlOf,
    /** A signed GET of one file of an image, for another module's callers. */
    signImage: (imageId: ImageId, kind: ObjectKind, key: ObjectKey, expiresInSeconds: number) =>
      signKey(deps, imageId, kind, key, expiresInSeconds),
    verifyResults: resultVerifier(deps),
    /** To be told of what is put by signed URLs that this server serves itself. */
    arrivals: arrivalsOf(deps),
  };
}
