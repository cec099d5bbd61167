import { inspectHeadAndTail, type ReadRange } from './head-and-tail';
import type { ImageLimits } from './image-facts';
import { inspectWebp, isWebp } from './webp';

/** What a worker may store: the type that the bytes are of. */
export interface ResultFacts {
  readonly contentType: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly width: number;
  readonly height: number;
}

/** A processed image may be as small as its maker likes. */
const limitsOf = ({ maxPixels }: Pick<ImageLimits, 'maxPixels'>): ImageLimits => ({
  minWidth: 1,
  minHeight: 1,
  maxPixels,
});

/**
 * Judges a stored result as an upload is judged, and WebP, too.
 * @throws AppError UNSUPPORTED_FORMAT, INVALID_IMAGE, RESOLUTION_TOO_LOW (no pixels), RESOLUTION_TOO_HIGH
 */
export async function inspectResult(
  limits: Pick<ImageLimits, 'maxPixels'>,
  sizeBytes: number,
  read: ReadRange,
): Promise<ResultFacts> {
  if (!isWebp(await read({ start: 0, end: Math.min(12, sizeBytes) - 1 }))) {
    return inspectHeadAndTail(limitsOf(limits), sizeBytes, read);
  }
  return { ...(await inspectWebp(limitsOf(limits), sizeBytes, read)), contentType: 'image/webp' };
}
