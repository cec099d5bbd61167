import { AppError } from '../../../kernel/app-error';
import { type AttemptId, newId, type ProductId } from '../../../kernel/ids';
import { attemptPrefix } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { InTransaction } from '../../../kernel/transaction';
import { ClaimUnknown } from '../domain/claim-unknown';
import type { CreatedProduct } from '../domain/created-product';
import { uploadFingerprint } from '../domain/fingerprint';
import type { ImageInspector } from '../domain/images/image-facts';
import type { PrepareQueue } from '../domain/prepare-queue';
import { type Prompt, parsePrompt } from '../domain/prompt';
import type { RequireQuota } from '../domain/quota';
import type { ReceivedImage } from '../domain/received-image';
import type { UploadBody } from '../domain/upload-body';
import type {
  ClaimedKey,
  EstimateProcessingTime,
  IdempotencyClaim,
  IdempotencyKeys,
  UploadedProducts,
  UploadFolder,
  UploadFolders,
} from '../domain/upload-ports';
import type { UploadProgress } from '../domain/upload-progress';
import { admitUpload, type UploadLimits } from './admit-upload';
import { giveUp } from './give-up-upload';
import { receiveImages } from './receive-images';
import { type AttemptDeps, UploadAttempt } from './upload-attempt';
import { UploadMeter } from './upload-meter';

export interface CreateProductDeps extends AttemptDeps {
  readonly folders: UploadFolders;
  readonly keys: IdempotencyKeys;
  readonly products: UploadedProducts;
  readonly prepareQueue: PrepareQueue;
  readonly inTransaction: InTransaction;
  readonly estimate: EstimateProcessingTime;
  readonly inspect: () => ImageInspector;
  readonly limits: UploadLimits;
  readonly requireQuota: RequireQuota;
  readonly progress?: UploadProgress;
}

export interface CreateProductRequest {
  readonly body: UploadBody;
  readonly idempotencyKey: string | null;
  /** Chosen by the client, so that it can follow the progress from the start. */
  readonly productId: ProductId | null;
}

export interface CreateProductAnswer {
  readonly product: CreatedProduct;
  /** The answer of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
}

interface Upload {
  readonly seller: Seller;
  readonly attempt: UploadAttempt;
  readonly claim: IdempotencyClaim | null;
  readonly meter: UploadMeter;
}

interface ReceivedUpload {
  readonly prompt: Prompt;
  readonly primaryIndex: number;
  readonly images: readonly ReceivedImage[];
}

/**
 * Receives photos and a prompt, stores the photos, and commits the product. Once it has answered, nothing of it is lost; when it
 * refuses or dies, nothing of it remains.
 * @throws AppError with a code of API.md, "Operations"
 */
export const createProduct =
  (deps: CreateProductDeps) =>
  async (seller: Seller, request: CreateProductRequest): Promise<CreateProductAnswer> => {
    admitUpload(deps.limits, request.body);
    const upload = beginUpload(deps, seller, request);
    // before the claim: what is claimed and then not worked on would stay claimed
    const folder = await deps.folders.open();
    try {
      const key = await claimKey(deps, upload);
      if (key?.kind !== 'done') await deps.requireQuota(seller, { products: 1, bytes: 1 });
      const received = await receiveUpload(deps, upload, request.body, folder, (image) => {
        if (key?.kind !== 'done') upload.attempt.store(image);
      });
      if (key?.kind === 'done') return { product: replay(key, received), replayed: true };
      const product = await commit(deps, upload, received);
      deps.prepareQueue.wake();
      return { product, replayed: false };
    } catch (error) {
      const committed = () => committedProduct(deps, upload);
      return { product: await giveUp(deps, { ...upload, committed }, error), replayed: false };
    } finally {
      upload.attempt.rest();
      await folder.remove();
    }
  };

function beginUpload(deps: CreateProductDeps, seller: Seller, request: CreateProductRequest): Upload {
  const productId = request.productId ?? newId<ProductId>();
  const id = newId<AttemptId>();
  const attempt = new UploadAttempt(deps, { id, kind: 'upload', productId, prefix: attemptPrefix(productId, id) });
  const claim = request.idempotencyKey && { seller, procedure: 'products.create', key: request.idempotencyKey };
  const meter = new UploadMeter(deps.progress, { seller, productId, totalBytes: request.body.contentLength });
  return { seller, attempt, claim: claim || null, meter };
}

async function claimKey(deps: CreateProductDeps, { claim, attempt }: Upload): Promise<ClaimedKey | null> {
  if (!claim) return null;
  const key = await deps.keys.claim(claim, attempt.intent).catch((error) => {
    if (error instanceof ClaimUnknown) attempt.adoptOpenIntent(); // so that it is given up where it was opened
    throw error;
  });
  if (key.kind === 'held') attempt.adoptOpenIntent();
  return key;
}

async function receiveUpload(
  deps: CreateProductDeps,
  { meter }: Upload,
  body: UploadBody,
  folder: UploadFolder,
  onImage: (image: ReceivedImage) => void,
): Promise<ReceivedUpload> {
  let prompt: Prompt | undefined;
  let primaryIndex = 0;
  const fields = {
    prompt_text: (value: string) => {
      prompt = parsePrompt(value);
    },
    primary_index: (value: string) => {
      primaryIndex = parseIndex(value);
    },
  };
  const { limits, inspect } = deps;
  const images = await receiveImages({ body, folder, limits, inspect, fields, meter, onImage });
  if (primaryIndex >= images.length) throw wrongPrimaryIndex();
  return { prompt: prompt ?? parsePrompt(undefined), primaryIndex, images };
}

async function commit(deps: CreateProductDeps, upload: Upload, received: ReceivedUpload): Promise<CreatedProduct> {
  const { seller, attempt, claim, meter } = upload;
  const stored = await attempt.stored();
  meter.stored();
  const images = stored.map((image, index) => ({ ...image, isPrimary: index === received.primaryIndex }));
  const estimate = await deps.estimate();
  return deps.inTransaction(async (tx) => {
    if (claim) await deps.keys.lock(tx, claim);
    await deps.journal.settle(tx, attempt.id);
    const product = { id: attempt.productId, prompt: received.prompt, images };
    await deps.prepareQueue.enqueue(tx, product.id, seller.userId);
    // late: from here to the end of COMMIT, commits of the same seller wait
    const createdAt = await deps.products.insert(tx, seller, product);
    const answer: CreatedProduct = {
      id: attempt.productId,
      status: 'uploading',
      prompt_text: received.prompt,
      image_count: images.length,
      created_at: createdAt.toISOString(),
      estimated_processing_time_seconds: estimate,
    };
    if (claim) await deps.keys.finish(tx, claim, attempt.id, { fingerprint: fingerprintOf(received), answer });
    return answer;
  });
}

async function committedProduct(deps: CreateProductDeps, { seller, attempt }: Upload): Promise<CreatedProduct | null> {
  const product = await deps.products.committed(seller, attempt.productId, attempt.id);
  return product && { ...product, estimated_processing_time_seconds: await deps.estimate() };
}

function replay(key: Extract<ClaimedKey, { kind: 'done' }>, received: ReceivedUpload): CreatedProduct {
  if (key.fingerprint !== fingerprintOf(received)) throw new AppError('IDEMPOTENCY_MISMATCH');
  return key.answer;
}

function fingerprintOf({ prompt, primaryIndex, images }: ReceivedUpload) {
  return uploadFingerprint({ prompt, primaryIndex, images: images.map((image) => image.file.sha256) });
}

function parseIndex(value: string): number {
  if (!/^\d{1,3}$/.test(value)) throw wrongPrimaryIndex();
  return Number(value);
}

function wrongPrimaryIndex(): AppError {
  return new AppError('VALIDATION_FAILED', 'primary_index must be the index of one of the images, from 0.', {
    details: { field: 'primary_index' },
  });
}
