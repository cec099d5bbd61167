export type ImageFormat = 'jpeg' | 'png';

/** What the bytes themselves say of an image; nothing here is taken from a name or a declared type. */
export interface ImageFacts {
  readonly format: ImageFormat;
  readonly contentType: 'image/jpeg' | 'image/png';
  readonly extension: 'jpg' | 'png';
  /** Pixels as stored, before any EXIF orientation. */
  readonly width: number;
  readonly height: number;
}

export interface ImageLimits {
  readonly minWidth: number;
  readonly minHeight: number;
  readonly maxPixels: number;
}

/**
 * Judges one image while its bytes pass by; keeps a few kilobytes, never the file.
 * Both throw AppError (UNSUPPORTED_FORMAT, INVALID_IMAGE, RESOLUTION_TOO_LOW, RESOLUTION_TOO_HIGH) as soon as the bytes decide it.
 */
export interface ImageInspector {
  /** What the header says, as soon as it has come and its size is allowed; null until then. */
  readonly header: ImageFacts | null;
  push(chunk: Uint8Array): void;
  /** After the last chunk. @throws AppError INVALID_IMAGE when the file ends before its own structure does */
  finish(): ImageFacts;
}
