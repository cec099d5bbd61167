import { isAppError } from '../../../../kernel/app-error';
import type { ProductId } from '../../../../kernel/ids';
import { DecoderUnavailable, DecodeTimeout } from '../../domain/prepare/image-decoder';
import { OriginalDamaged } from '../../domain/prepare/prepare-objects';
import type { PrepareFailure } from '../../domain/prepare/prepare-record';
import type { UnpreparedImage } from '../../domain/prepare/unprepared';
import { ACTOR, type PrepareImageDeps, prepareImage, verifyUpload } from './prepare-image';

export interface PrepareProductDeps extends PrepareImageDeps {
  /** Images of one product that are under way at once: while one is decoded, the next is fetched. */
  readonly lanes: number;
}

/**
 * The work of one job: decodes every image of a product that has not been, and leads the product out of `uploading`. Each image is
 * committed by itself, so what was done before a crash is not done again.
 * @throws the first failure that is no verdict, after the other images were tried: the job is to be repeated
 */
export const prepareProduct =
  (deps: PrepareProductDeps) =>
  async (id: ProductId): Promise<void> => {
    const product = await deps.images.ofProduct(id);
    if (!product) return;
    if (product.images.length === 0) return product.isUploading ? await finish(deps, id) : undefined;
    const waiting = [...product.images];
    const failures: unknown[] = [];
    const lane = async (): Promise<void> => {
      for (let image = waiting.shift(); image; image = waiting.shift()) {
        await prepareOrRefuse(deps, image).then(
          (upload) => upload === 'failed' && waiting.splice(0),
          (error) => failures.push(reported(deps, image, error)),
        );
      }
    };
    await Promise.all(Array.from({ length: deps.lanes }, lane));
    if (failures.length > 0) throw failures[0];
  };

/** Prepared before it was known that this would lead the product on. */
async function finish(deps: PrepareProductDeps, productId: ProductId): Promise<void> {
  await deps.inTransaction(async (tx) => {
    if (await deps.images.isVerified(tx, productId)) await verifyUpload(deps, tx, { productId });
  });
}

async function prepareOrRefuse(deps: PrepareProductDeps, image: UnpreparedImage): Promise<'failed' | 'goes on'> {
  const why = await prepareImage(deps, image);
  if (why === null) return 'goes on';
  deps.record.failed('refused');
  deps.log.info({ product_id: image.productId, image_id: image.id, why }, 'the decoder refused an image');
  return (await refuse(deps, image, why)) === 'uploading' ? 'failed' : 'goes on';
}

/**
 * An upload fails with its image. A product that was prepared before and then got this image keeps its status: what it has is whole,
 * and its seller, who is told, can take the image away.
 */
async function refuse(deps: PrepareProductDeps, image: UnpreparedImage, why: string) {
  const { productId } = image;
  const reason = `Image ${image.position + 1} (${image.id}) cannot be decoded: ${why}`;
  return deps.inTransaction(async (tx) => {
    const where = await deps.images.markRefused(tx, image, why);
    if (where === 'uploading') {
      await deps.leadOn(tx, { productId, event: 'FAIL', actor: ACTOR, reason, errorType: 'INVALID_IMAGE' });
    }
    if (where === 'later') await deps.images.tell(tx, productId, reason);
    return where;
  });
}

function reported(deps: PrepareProductDeps, image: UnpreparedImage, error: unknown): unknown {
  const kind = kindOf(error);
  const fields = { err: error, kind, product_id: image.productId, image_id: image.id };
  deps.record.failed(kind);
  if (error instanceof OriginalDamaged) deps.log.error({ ...fields, problem: error.problem }, 'an original is damaged');
  else deps.log.warn(fields, 'an image could not be prepared; it is tried again');
  return error;
}

function kindOf(error: unknown): PrepareFailure {
  if (error instanceof OriginalDamaged) return 'damaged';
  if (error instanceof DecodeTimeout) return 'timeout';
  if (error instanceof DecoderUnavailable) return 'decoder';
  return isAppError(error, 'STORAGE_UNAVAILABLE') ? 'store' : 'other';
}
