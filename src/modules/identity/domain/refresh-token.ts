import type { Branded } from '../../../kernel/ids';
import { type Sha256, sha256OfBytes } from '../../../kernel/sha256';

/** 256 random bits as 43 characters of base64url. The client alone keeps it. */
export type RefreshToken = Branded<'RefreshToken'>;

export function newRefreshToken(): RefreshToken {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url') as RefreshToken;
}

/** What is stored. A plain hash is enough: 256 random bits can't be guessed, so there is nothing to slow down. */
export function refreshTokenHash(token: string): Sha256 {
  return sha256OfBytes(token);
}
