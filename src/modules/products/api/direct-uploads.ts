import { z } from 'zod';
import type { ErrorCode } from '../../../kernel/error-codes';
import { mayBeLeftOut } from '../../../platform/http/may-be-left-out';
import { toWirePuts } from '../../../platform/http/presigned-puts';
import { router, sellerProcedure } from '../../../platform/http/procedures';
import type { abortUpload } from '../application/direct/abort-upload';
import type { completeUpload } from '../application/direct/complete-upload';
import type { AwaitedUpload } from '../application/direct/presigned-puts';
import type { renewUploadUrls } from '../application/direct/renew-upload-urls';
import type { startUpload } from '../application/direct/start-upload';
import { announcedImageSchema, awaitedUploadSchema, changedImageSchema, toAnnounced } from './direct-upload-schemas';
import { exampleProduct, exampleRenewal, exampleStart } from './examples';
import { idSchema, imageIdOf, productIdOf } from './ids';
import { productSchema, promptSchema } from './schemas';
import { idempotencyKeyOf, replayedHeader } from './upload-headers';
import { toWireProduct } from './wire';

export interface DirectUploadUseCases {
  readonly startUpload: ReturnType<typeof startUpload>;
  readonly renewUploadUrls: ReturnType<typeof renewUploadUrls>;
  readonly completeUpload: ReturnType<typeof completeUpload>;
  readonly abortUpload: ReturnType<typeof abortUpload>;
}

const TAGS = ['Direct upload'];
/** What an announcement can be refused for. */
const ANNOUNCING: readonly ErrorCode[] = [
  'TOO_MANY_IMAGES',
  'UNSUPPORTED_FORMAT',
  'IMAGE_TOO_LARGE',
  'REQUEST_TOO_LARGE',
];

export function directUploadsRouter(useCases: DirectUploadUseCases) {
  return router({
    start: startProcedure(useCases),
    urls: urlsProcedure(useCases),
    complete: completeProcedure(useCases),
    abort: abortProcedure(useCases),
  });
}

function startProcedure({ startUpload }: Pick<DirectUploadUseCases, 'startUpload'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/uploads',
        tags: TAGS,
        summary: 'Announce photos that go straight to the store',
        description:
          'Answers one PUT for each image, to be sent as it stands: method, URL, headers, and exactly the bytes that were announced. Then complete the upload. With an Idempotency-Key a request may be repeated safely: it gets fresh PUTs for the same images; where photos were announced anew since, it has to name them as they are now. A seller may have so many uploads open at once (by default 20); one more is refused with QUOTA_EXCEEDED until one is completed, aborted or expired. Against the quota of products and bytes an announcement counts what is stored and what is open. A multipart upload counts what is stored alone, and the completion is decided by that once more: it can be refused with QUOTA_EXCEEDED where others came first.',
        requestHeaders: z.object({ 'Idempotency-Key': z.string().min(1).max(255).optional() }),
        responseHeaders: z.object(replayedHeader),
      },
      examples: exampleStart,
      status: 201,
      errors: [
        ...ANNOUNCING,
        'INVALID_PROMPT',
        'QUOTA_EXCEEDED',
        'IDEMPOTENCY_IN_PROGRESS',
        'IDEMPOTENCY_MISMATCH',
        'STORAGE_UNAVAILABLE',
      ],
    })
    .input(z.strictObject({ prompt_text: promptSchema, images: z.array(announcedImageSchema) }))
    .output(awaitedUploadSchema)
    .mutation(async ({ ctx, input }) => {
      const started = await startUpload(ctx.seller, {
        promptText: input.prompt_text,
        images: input.images.map((image) => ({ ...toAnnounced(image), isPrimary: image.is_primary })),
        idempotencyKey: idempotencyKeyOf(ctx.headers),
      });
      if (started.replayed) ctx.responseHeaders.set('idempotency-replayed', 'true');
      return toWireUploads(started);
    });
}

function urlsProcedure({ renewUploadUrls }: Pick<DirectUploadUseCases, 'renewUploadUrls'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/uploads/{product_id}/urls',
        tags: TAGS,
        summary: 'Get fresh PUTs for the images that are missing',
        description:
          'None where the upload is complete already. Name an image with another size, type or checksum to send another photo in its place; QUOTA_EXCEEDED where that has been done too often (by default 40 times), or where its bytes are more than the quota has room for; CONFLICT where the upload is complete.',
      },
      examples: exampleRenewal,
      errors: [
        ...ANNOUNCING,
        'QUOTA_EXCEEDED',
        'PRODUCT_NOT_FOUND',
        'IMAGE_NOT_FOUND',
        'CONFLICT',
        'STORAGE_UNAVAILABLE',
      ],
    })
    .input(z.strictObject({ product_id: idSchema, images: mayBeLeftOut(z.array(changedImageSchema)) }))
    .output(awaitedUploadSchema)
    .mutation(async ({ ctx, input }) => {
      const changed = (input.images ?? []).map((image) => ({
        ...toAnnounced(image),
        imageId: imageIdOf(image.image_id),
      }));
      return toWireUploads(await renewUploadUrls(ctx.seller, productIdOf(input.product_id), changed));
    });
}

function completeProcedure({ completeUpload }: Pick<DirectUploadUseCases, 'completeUpload'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/uploads/{product_id}/complete',
        tags: TAGS,
        summary: 'Make the product of what was uploaded',
        description:
          'Once this has answered 200, the photos are kept. Safe to repeat. UPLOAD_INCOMPLETE names in `details.images` each image that is missing or wrong: `{image_id, problem, message}`, where `problem` is MISSING, SIZE_MISMATCH, CHECKSUM_MISMATCH, TYPE_MISMATCH, or the code by which a multipart upload would have been refused. After QUOTA_EXCEEDED it can be repeated when there is room.',
      },
      examples: { response: exampleProduct },
      errors: ['PRODUCT_NOT_FOUND', 'UPLOAD_INCOMPLETE', 'QUOTA_EXCEEDED', 'CONFLICT', 'STORAGE_UNAVAILABLE'],
    })
    .input(z.strictObject({ product_id: idSchema }))
    .output(productSchema)
    .mutation(async ({ ctx, input }) => toWireProduct(await completeUpload(ctx.seller, productIdOf(input.product_id))));
}

function abortProcedure({ abortUpload }: Pick<DirectUploadUseCases, 'abortUpload'>) {
  return sellerProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/api/uploads/{product_id}',
        tags: TAGS,
        summary: 'Give an upload up',
        description: 'Nothing of it remains. One that is complete is a product, and unknown here.',
      },
      status: 204,
      errors: ['PRODUCT_NOT_FOUND'],
    })
    .input(z.strictObject({ product_id: idSchema }))
    .output(z.void())
    .mutation(({ ctx, input }) => abortUpload(ctx.seller, productIdOf(input.product_id)));
}

function toWireUploads({ productId, puts }: AwaitedUpload): z.infer<typeof awaitedUploadSchema> {
  return {
    product_id: productId,
    status: 'uploading',
    uploads: toWirePuts(puts),
  };
}
