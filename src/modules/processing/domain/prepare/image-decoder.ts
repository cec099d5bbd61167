import type { OfEachVariant } from './variants';

/** Absolute paths: the original is read, the others are written. */
export interface DecodeRequest {
  readonly original: string;
  readonly variants: OfEachVariant<string>;
}

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Decoded =
  | { readonly is: 'made'; readonly variants: OfEachVariant<Size> }
  /** The decoder's verdict on the bytes. `why` may be shown to the seller. */
  | { readonly is: 'refused'; readonly why: string };

export interface DecodedBy {
  readonly decoded: Decoded;
  /** Whether the process that says so had decoded nothing before: nothing that an earlier image broke in it speaks. */
  readonly fresh: boolean;
}

/**
 * Decodes images whole, each in another process than this one: what an image does to its decoder, it does to nothing else.
 * @throws DecoderDied the process ended over this image; DecodeTimeout it was stopped; DecoderUnavailable there is no decoder:
 *   none of them is a verdict
 */
export interface ImageDecoder {
  /** @param alone in a new process, while no other image is being decoded */
  decode(request: DecodeRequest, alone: boolean): Promise<DecodedBy>;
}

export class DecoderDied extends Error {
  override readonly name = 'DecoderDied';
  constructor(readonly fresh: boolean) {
    super('the decoder ended while it decoded');
  }
}

export class DecodeTimeout extends Error {
  override readonly name = 'DecodeTimeout';
  constructor() {
    super('the decoder was stopped: it took too long');
  }
}

export class DecoderUnavailable extends Error {
  override readonly name = 'DecoderUnavailable';
}
