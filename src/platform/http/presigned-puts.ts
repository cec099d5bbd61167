import { z } from 'zod';

/** Any text is let through: what is no id at all is answered as an unknown id, not as a fault of the request. */
export const idSchema = z.string().meta({ format: 'uuid', example: '019f4f2c-52c1-7abc-8def-0123456789ab' });

/** @param description whose digest it is */
export const sha256Schema = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
    .toLowerCase()
    .meta({ description });

/** In lower case, and so it is signed. @see RFC 9110, 8.3.1: types are the same in every case */
export const contentTypeSchema = (allowed: string, example: string) =>
  z
    .string()
    .max(100)
    .toLowerCase()
    .meta({ description: `${allowed}, in lower or upper case; \`headers\` has it in lower case.`, example });

/** `uploads` of every answer that gives presigned PUTs, one for each image. */
export const presignedPutsSchema = z.array(
  z.object({
    image_id: idSchema,
    method: z.literal('PUT'),
    url: z.string().meta({
      format: 'uri',
      description:
        'Signed: whoever holds it may send these bytes, once. Sent again, it is answered 412: the bytes are there.',
    }),
    headers: z.record(z.string(), z.string()).meta({ description: 'To be sent as they are.' }),
    expires_at: z.iso.datetime(),
  }),
);

interface ImagePut {
  readonly imageId: string;
  readonly method: 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

export function toWirePuts(puts: readonly ImagePut[]): z.infer<typeof presignedPutsSchema> {
  return puts.map(({ imageId, method, url, headers, expiresAt }) => ({
    image_id: imageId,
    method,
    url,
    headers: { ...headers },
    expires_at: expiresAt.toISOString(),
  }));
}
