import type { IsCommonPassword } from './common-passwords';
import type { Email } from './email';
import { invalidField } from './invalid-field';

export const LEAST_PASSWORD_CHARACTERS = 12;
/** Bounds what one hash reads; no passphrase is near it. */
export const MOST_PASSWORD_BYTES = 1024;

/**
 * Length, and that it is not one which everybody tries; no rules of composition.
 * @param field where the input had it, for `details.fields`
 * @throws VALIDATION_FAILED
 * @see NIST SP 800-63B-4, 3.1.1.2
 */
export async function requireGoodPassword(
  isCommon: IsCommonPassword,
  password: string,
  email: Email,
  field: string,
): Promise<void> {
  // A lone surrogate has no UTF-8: different passwords would be hashed as the same bytes.
  if (!password.isWellFormed()) throw invalidField(field, 'must be Unicode text');
  if ([...password].length < LEAST_PASSWORD_CHARACTERS) {
    throw invalidField(field, `must have ${LEAST_PASSWORD_CHARACTERS} characters or more`);
  }
  if (Buffer.byteLength(password) > MOST_PASSWORD_BYTES) {
    throw invalidField(field, `must have ${MOST_PASSWORD_BYTES} bytes or fewer`);
  }
  if (password.trim().toLowerCase() === email) throw invalidField(field, 'must not be the email address');
  if (await isCommon(password)) throw invalidField(field, 'is one of the most common passwords');
}

/** 144 random bits as 24 characters. */
export function madeUpPassword(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString('base64url');
}
