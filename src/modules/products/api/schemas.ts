import { z } from 'zod';
import { LIFECYCLE_EVENTS, STATUSES } from '../domain/lifecycle';
import { PROMPT_LIMITS } from '../domain/prompt';
import { idSchema } from './ids';

// What goes over the wire. API.md says what each field means; the mapping from the domain is in wire.ts.

const url = z
  .string()
  .meta({ format: 'uri', description: 'Signed; it expires, and whoever holds it may read until then.' });
const time = z.iso.datetime();

/**
 * The limits are documented here and held by the domain, which counts code points after trimming. A prompt that is not there has the
 * code that it has in a form, as one that is too short: `z.string()` could name none.
 */
export const promptSchema = z
  .custom<string>((value) => typeof value === 'string', {
    error: 'prompt_text is missing, or no text.',
    params: { code: 'INVALID_PROMPT' },
  })
  .meta({
    override: {
      type: 'string',
      minLength: PROMPT_LIMITS.min,
      maxLength: PROMPT_LIMITS.max,
      description: 'Counted in Unicode code points after trimming. A line break counts as one and is kept as LF.',
    },
  });

export const statusSchema = z.enum(STATUSES);
export const variantSchema = z.enum(['original', 'model', 'thumb', 'processed']);

const summaryShape = {
  id: idSchema,
  status: statusSchema,
  prompt_text: z.string(),
  image_count: z.int(),
  primary_image_url: url.nullable().meta({ description: 'The thumbnail, or the original until there is one.' }),
  created_at: time,
  updated_at: time,
};

const summarySchema = z.object(summaryShape);

const imageSchema = z.object({
  id: idSchema,
  original_url: url,
  processed_url: url.nullable(),
  thumb_url: url.nullable(),
  is_primary: z.boolean(),
  position: z.int(),
  file_size_bytes: z.int(),
  file_format: z.enum(['jpeg', 'png']),
  resolution_width: z.int(),
  resolution_height: z.int(),
  sha256: z.string(),
  uploaded_at: time,
  damaged: z
    .literal(true)
    .optional()
    .meta({ description: 'Only where a check of the stored bytes found damage: this image should be sent again.' }),
  refused: z.string().optional().meta({
    description:
      'Only where the image cannot be decoded: why. Nothing is made of it and no worker gets it; it should be removed, or sent again whole.',
  }),
});

export const productSchema = z.object({
  ...summaryShape,
  failed_from: statusSchema.nullable().meta({ description: 'The status it failed in; null in every other.' }),
  processing_started_at: time.nullable(),
  processing_completed_at: time.nullable(),
  processing_error: z.string().nullable(),
  images: z.array(imageSchema),
});

export const pageSchema = z.object({
  products: z.array(summarySchema),
  total: z.int().meta({ description: 'Exact, for the status asked for.' }),
  limit: z.int(),
  offset: z.int().nullable().meta({ description: 'Null where a cursor was sent.' }),
  has_more: z.boolean(),
  next_cursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
});

export const imageUrlsSchema = z.object({
  urls: z.array(
    z.object({ image_id: idSchema, variant: variantSchema, url: url.nullable(), expires_at: time.nullable() }),
  ),
});

export const historySchema = z.object({
  history: z.array(
    z.object({
      from: statusSchema.nullable(),
      to: statusSchema,
      event: z.enum(['CREATE', ...LIFECYCLE_EVENTS]),
      actor: z.string(),
      reason: z.string().nullable(),
      at: time,
    }),
  ),
});
