import { z } from 'zod';

const LONGEST_TOKEN = 4096;

/** RFC 6749, A.12 and A.17: tokens are printable ASCII. */
export const tokenSchema = z
  .string()
  .min(1)
  .max(LONGEST_TOKEN)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
  .meta({ format: 'password' });

/** What an OAuth answer has, as fields of an input. */
export const tokenFields = {
  access_token: tokenSchema,
  refresh_token: tokenSchema,
  expires_at: z.iso
    .datetime({ offset: true })
    .meta({ description: 'When the access token expires; with an offset, or in UTC by Z.' }),
};

/** Such an answer, for /openapi.json. */
export const exampleOAuth = {
  access_token: 'APP_USR-example',
  refresh_token: 'TG-example',
  expires_at: '2026-11-02T20:05:09Z',
};

export function tokensOf(input: z.infer<z.ZodObject<typeof tokenFields>>) {
  return {
    accessToken: input.access_token,
    refreshToken: input.refresh_token,
    expiresAt: new Date(input.expires_at),
  };
}
