/**
 * Why an image could not be prepared.
 * - `refused`: the decoder's verdict; the only one that is final
 * - `died`: a decoder ended over it; it is tried again in another
 * - `timeout`, `decoder` (there is none), `store`, `damaged` (not the row's bytes), `other` (the database, mostly): tried again later
 */
export type PrepareFailure = 'refused' | 'died' | 'timeout' | 'decoder' | 'store' | 'damaged' | 'other';

/** Told of what happens to images, for /metrics. */
export interface PrepareRecord {
  /** @param seconds from the first byte of the original to the commit */
  prepared(seconds: number): void;
  failed(kind: PrepareFailure): void;
}
