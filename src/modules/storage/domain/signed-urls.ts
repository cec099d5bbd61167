import type { SignedGet, SignedPut } from './object-store';

/** What a signed GET allows. */
export type GrantedGet = Pick<SignedGet, 'key' | 'expiresAt' | 'response'>;
/** What a signed PUT allows: exactly these bytes, of this type, once. */
export type GrantedPut = Omit<SignedPut, 'issuedAt'>;

/** Reads the signed URLs of a store whose objects this app serves itself. */
export interface SignedUrlVerifier {
  /** @param url as it was requested, path still percent-encoded. @throws AppError FORBIDDEN, never saying why */
  verifyGet(url: URL): GrantedGet;
  /** @throws AppError FORBIDDEN, never saying why */
  verifyPut(url: URL): GrantedPut;
}
