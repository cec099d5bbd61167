import { z } from 'zod';
import { sha256FromHex } from '../../../kernel/sha256';
import { mayBeLeftOut } from '../../../platform/http/may-be-left-out';
import { contentTypeSchema, presignedPutsSchema, sha256Schema } from '../../../platform/http/presigned-puts';
import type { AnnouncedImage } from '../domain/declared-images';
import { idSchema } from './ids';

// The limits of number, type and size are the domain's, which answers each with a code of its own.
const declaration = {
  content_type: contentTypeSchema('image/jpeg or image/png', 'image/jpeg'),
  file_size_bytes: z.int().min(1),
  sha256: sha256Schema('Of the bytes of the file.'),
};

export const announcedImageSchema = z.strictObject({
  file_name: mayBeLeftOut(z.string().max(1024).meta({ description: 'Shown back where the image is refused.' })),
  ...declaration,
  is_primary: mayBeLeftOut(z.boolean().meta({ description: 'By default the first image is.' })),
});

export const changedImageSchema = z.strictObject({ image_id: idSchema, ...declaration });

export const awaitedUploadSchema = z.object({
  product_id: idSchema,
  status: z.literal('uploading'),
  uploads: presignedPutsSchema,
});

/** @param image one whose fields the schemas above have let through */
export function toAnnounced(
  image: z.infer<z.ZodObject<typeof declaration>> & { readonly file_name?: string | undefined },
): Omit<AnnouncedImage, 'isPrimary'> {
  return {
    fileName: image.file_name,
    contentType: image.content_type,
    sizeBytes: image.file_size_bytes,
    sha256: sha256FromHex(image.sha256),
  };
}
