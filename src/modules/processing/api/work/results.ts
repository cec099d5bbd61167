import { z } from 'zod';
import { sha256FromHex } from '../../../../kernel/sha256';
import {
  contentTypeSchema,
  presignedPutsSchema,
  sha256Schema,
  toWirePuts,
} from '../../../../platform/http/presigned-puts';
import { workerProcedure } from '../../../../platform/http/procedures';
import { exampleResultUrls } from './examples';
import { idSchema, imageIdOf, leaseIdOf } from './fields';
import type { WorkUseCases } from './use-cases';

// The limits of number, type and size are the domain's, which answers each with a code of its own.
const announcedSchema = z.strictObject({
  image_id: idSchema,
  content_type: contentTypeSchema('image/jpeg, image/png or image/webp', 'image/webp'),
  file_size_bytes: z.int().min(1),
  sha256: sha256Schema('Of the bytes of the processed image.'),
});

const putsSchema = z.object({ uploads: presignedPutsSchema });

export function resultUrlsProcedure({ resultUrls }: Pick<WorkUseCases, 'resultUrls'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/leases/{id}/result-urls',
        tags: ['Work'],
        summary: 'Get PUTs for processed images',
        description:
          'Send each as it stands: method, URL, headers, and exactly the bytes that were announced. What is announced anew takes the place of what was announced for that image before. The images are the product’s when the work is completed; a lost lease leaves none.',
      },
      examples: exampleResultUrls,
      errors: [
        'NOT_FOUND',
        'LEASE_LOST',
        'IMAGE_NOT_FOUND',
        'TOO_MANY_IMAGES',
        'UNSUPPORTED_FORMAT',
        'IMAGE_TOO_LARGE',
        'CONFLICT',
        'STORAGE_UNAVAILABLE',
      ],
    })
    .input(z.strictObject({ id: idSchema, images: z.array(announcedSchema).min(1) }))
    .output(putsSchema)
    .mutation(async ({ ctx, input }) => {
      const announced = input.images.map((image) => ({
        imageId: imageIdOf(image.image_id),
        contentType: image.content_type,
        sizeBytes: image.file_size_bytes,
        sha256: sha256FromHex(image.sha256),
      }));
      const puts = await resultUrls(ctx.worker, leaseIdOf(input.id), announced);
      return { uploads: toWirePuts(puts) };
    });
}
