import type { z } from 'zod';
import type { tokensBody, userBody } from './fields';

// What /openapi.json shows; tests/architecture/examples.test.ts holds it to the schemas.

export const exampleUser: z.infer<typeof userBody> = {
  id: '019a0c1e-7f3a-7cc2-9d1b-3f6f1d2a4b5c',
  email: 'ana@example.com',
  first_name: 'Ana',
  last_name: null,
  role: 'seller',
  created_at: '2026-11-02T14:05:09.120Z',
};

export const EXAMPLE_PASSWORD = 'correct horse battery staple';
export const EXAMPLE_REFRESH_TOKEN = 'q3Jx0bV2m1uT8yKc5nW7rZ4pLs6dEf9gHaBiCjDkElM';

export const exampleTokens: z.infer<typeof tokensBody> = {
  access_token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTlhMGMxZSJ9.c2lnbmF0dXJl',
  refresh_token: EXAMPLE_REFRESH_TOKEN,
  token_type: 'bearer',
  expires_in: 900,
  user: exampleUser,
};
