import { AppError } from '../../../kernel/app-error';
import { type AttemptId, isUuid, newId, type ProductId } from '../../../kernel/ids';
import { attemptPrefix } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { InTransaction, Transaction } from '../../../kernel/transaction';
import { requireEditable } from '../domain/edit-rules';
import type { ImageInspector } from '../domain/images/image-facts';
import type { ProductReads } from '../domain/ports';
import type { PrepareQueue } from '../domain/prepare-queue';
import type { Product } from '../domain/product';
import type { RequireQuota } from '../domain/quota';
import type { ReceivedImage, StoredImage } from '../domain/received-image';
import type { UploadBody } from '../domain/upload-body';
import type { UploadFolder, UploadFolders } from '../domain/upload-ports';
import type { UploadProgress } from '../domain/upload-progress';
import { admitUpload, type UploadLimits } from './admit-upload';
import { type GiveUpDeps, giveUp } from './give-up-upload';
import { receiveImages } from './receive-images';
import { type AttemptDeps, UploadAttempt } from './upload-attempt';
import { UploadMeter } from './upload-meter';

export interface AddImagesDeps extends AttemptDeps, GiveUpDeps {
  readonly folders: UploadFolders;
  readonly products: Pick<ProductReads, 'find'>;
  readonly append: (tx: Transaction, seller: Seller, id: ProductId, images: readonly StoredImage[]) => Promise<Product>;
  readonly prepareQueue: PrepareQueue;
  readonly inTransaction: InTransaction;
  readonly inspect: () => ImageInspector;
  readonly limits: UploadLimits;
  readonly requireQuota: RequireQuota;
  readonly progress?: UploadProgress;
}

export interface AddImagesRequest {
  readonly body: UploadBody;
  /** From the path; null where the form's field `id` names the product (tRPC). */
  readonly productId: string | null;
}

/**
 * Adds photos behind those a product has. All of them are received and judged before the first is stored: the form may name
 * its product last.
 * @throws AppError PRODUCT_NOT_FOUND, CONFLICT (its status keeps the images), TOO_MANY_IMAGES, and those of receiving
 */
export const addImages =
  (deps: AddImagesDeps) =>
  async (seller: Seller, request: AddImagesRequest): Promise<Product> => {
    admitUpload(deps.limits, request.body);
    if (request.productId !== null) await editableProduct(deps, seller, request.productId);
    await deps.requireQuota(seller, { products: 0, bytes: 1 });
    const meter = meterOf(deps, seller, request);
    const folder = await deps.folders.open();
    try {
      const { productId, images } = await receive(deps, request, folder, meter);
      const product = await editableProduct(deps, seller, productId);
      return await storeAndAppend(deps, seller, { productId: product.id, images, meter });
    } finally {
      await folder.remove();
    }
  };

interface Received {
  readonly productId: ProductId;
  readonly images: readonly ReceivedImage[];
  readonly meter: UploadMeter | undefined;
}

async function storeAndAppend(
  deps: AddImagesDeps,
  seller: Seller,
  { productId, images: received, meter }: Received,
): Promise<Product> {
  const id = newId<AttemptId>();
  const prefix = attemptPrefix(productId, id);
  const attempt = new UploadAttempt(deps, { id, kind: 'upload', productId, prefix });
  try {
    for (const image of received) attempt.store(image);
    const images = await attempt.stored();
    meter?.stored();
    const product = await deps.inTransaction(async (tx) => {
      await deps.journal.settle(tx, id);
      const appended = await deps.append(tx, seller, productId, images);
      await deps.prepareQueue.enqueue(tx, productId, seller.userId);
      return appended;
    });
    deps.prepareQueue.wake();
    return product;
  } catch (error) {
    const committed = async () => {
      const product = await deps.products.find(seller, productId);
      return product?.images.some(({ keys }) => keys.original.startsWith(prefix)) ? product : null;
    };
    return await giveUp(deps, { attempt, claim: null, committed }, error);
  } finally {
    attempt.rest();
  }
}

/** Whom a form names only at its end is told nothing of it. */
function meterOf({ progress }: AddImagesDeps, seller: Seller, { body, productId }: AddImagesRequest) {
  if (productId === null) return undefined;
  return new UploadMeter(progress, { seller, productId: productId as ProductId, totalBytes: body.contentLength });
}

async function receive(deps: AddImagesDeps, request: AddImagesRequest, folder: UploadFolder, meter?: UploadMeter) {
  let named: string | undefined;
  const fields = {
    id: (value: string) => {
      named = value.toLowerCase();
    },
  };
  const images = await receiveImages({
    body: request.body,
    folder,
    limits: deps.limits,
    inspect: deps.inspect,
    fields: request.productId === null ? fields : {},
    onImage: () => undefined,
    ...(meter && { meter }),
  });
  const productId = request.productId ?? named;
  if (productId === undefined) {
    throw new AppError('VALIDATION_FAILED', 'The form must name its product.', { details: { field: 'id' } });
  }
  return { productId, images };
}

async function editableProduct(deps: AddImagesDeps, seller: Seller, id: string): Promise<Product> {
  const product = isUuid(id) ? await deps.products.find(seller, id as ProductId) : null;
  if (!product) throw new AppError('PRODUCT_NOT_FOUND');
  requireEditable('the images', product.status);
  return product;
}
