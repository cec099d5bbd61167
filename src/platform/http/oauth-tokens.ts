import { z } from 'zod';

const LONGEST_TOKEN = 4096;

/** RFC 6749, A.12 and A.17: tokens are printable ASCII. */
export const tokenSchema = z
  .string()
  .min(1)
  .max(LONGEST_TOKEN)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
  .meta({ format: 'password' });

export const tokenExpirySchema = z.iso
  .datetime({ offset: true })
  .meta({ description: 'When the access token expires; with an offset, or in UTC by Z.' });
