import { z } from 'zod';
import { LEAST_PASSWORD_CHARACTERS, MOST_PASSWORD_BYTES } from '../domain/password-policy';
import { ROLES } from '../domain/role';

const MOST_NAME_CHARACTERS = 100;

/** Judged by the domain, for the command line too; this only bounds and documents it. */
export const emailField = z.string().max(1000).meta({ format: 'email', example: 'ana@example.com' });

export const passwordField = z.string().min(1).max(MOST_PASSWORD_BYTES).meta({ format: 'password' });

export const newPasswordField = z
  .string()
  .max(MOST_PASSWORD_BYTES)
  .meta({ format: 'password', example: 'correct horse battery staple' })
  .describe(
    `${LEAST_PASSWORD_CHARACTERS} characters or more, at most ${MOST_PASSWORD_BYTES} bytes, not the email address, and none of the most common passwords.`,
  );

/** An empty name is none. */
export const nameField = z
  .string()
  .trim()
  .refine((text) => [...text].length <= MOST_NAME_CHARACTERS, `must have ${MOST_NAME_CHARACTERS} characters or fewer`)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must be Unicode text without control characters');

export const refreshTokenField = z.string().min(1).max(200).meta({ format: 'password' });

export const userBody = z
  .object({
    id: z.uuid(),
    email: z.string(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    role: z.enum(ROLES),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });

export const tokensBody = z
  .object({
    access_token: z.string().describe('JWT; send it as `Authorization: Bearer …`.'),
    refresh_token: z.string().describe('Good for one refresh.'),
    token_type: z.literal('bearer'),
    expires_in: z.number().int().describe('Life of the access token, in seconds.'),
    user: userBody,
  })
  .meta({ id: 'Tokens' });
