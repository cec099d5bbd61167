import { z } from 'zod';
import type { SignedImage } from '../../application/work/signed-images';
import { idSchema, timeSchema } from './fields';

export const variantSchema = z.enum(['model', 'thumb', 'processed', 'original']);

const url = z.string().nullable().meta({ format: 'uri', description: 'Signed; null where it is not made yet.' });

export const imagesSchema = z.array(
  z.object({
    id: idSchema,
    is_primary: z.boolean(),
    sha256: z.string().meta({ description: 'Of the original.' }),
    urls: z
      .object({ model: url.optional(), thumb: url.optional(), processed: url.optional(), original: url.optional() })
      .meta({
        description:
          'Of the variants that were asked for; a claim asks for model and thumb, of publishing also processed.',
      }),
    expires_at: timeSchema.meta({
      description:
        'When the first of the URLs stops to work: not before the lease ends (an hour from now at most, a minute at least), and up to half as long after it again. Or earlier, with the session of the store’s credentials.',
    }),
  }),
);

export function toWireImages(images: readonly SignedImage[]): z.infer<typeof imagesSchema> {
  return images.map(({ id, isPrimary, sha256, urls, expiresAt }) => ({
    id,
    is_primary: isPrimary,
    sha256,
    urls: { ...urls },
    expires_at: expiresAt.toISOString(),
  }));
}
