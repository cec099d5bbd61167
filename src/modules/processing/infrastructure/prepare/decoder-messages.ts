import type { Decoded, DecodeRequest } from '../../domain/prepare/image-decoder';

/** From the server to its decoder: one at a time. */
export type ToDecoder = DecodeRequest;

/** From the decoder: once that it is ready or that it never will be, then one answer to each request. */
export type FromDecoder =
  | { readonly is: 'ready' }
  | { readonly is: 'unavailable'; readonly why: string }
  | Decoded
  /** It could not read, write or get memory: no verdict. */
  | { readonly is: 'error'; readonly why: string };
