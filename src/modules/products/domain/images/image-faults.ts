import { AppError } from '../../../../kernel/app-error';
import type { ImageLimits } from './image-facts';

/** Pixels as stored. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export function cutOff(): AppError {
  return new AppError(
    'INVALID_IMAGE',
    'The file ends before the picture does. It was probably cut off: send it again.',
  );
}

/** @param what what is wrong with the file, as a sentence a seller can pass on */
export function damaged(what: string): AppError {
  return new AppError('INVALID_IMAGE', `The file is damaged: ${what}`);
}

export function unsupported(what = 'Only JPEG and PNG photos can be used.'): AppError {
  return new AppError('UNSUPPORTED_FORMAT', what);
}

/** @throws AppError RESOLUTION_TOO_LOW, RESOLUTION_TOO_HIGH */
export function judgeSize({ width, height }: PixelSize, limits: ImageLimits): void {
  const { minWidth, minHeight, maxPixels } = limits;
  if (width < minWidth || height < minHeight) {
    const message = `The photo has ${width}×${height} pixels; it needs at least ${minWidth}×${minHeight}.`;
    const details = { width, height, min_width: minWidth, min_height: minHeight };
    throw new AppError('RESOLUTION_TOO_LOW', message, { details });
  }
  if (width * height > maxPixels) {
    const message = `The photo has ${width}×${height} pixels; at most ${maxPixels / 1_000_000} megapixels can be used.`;
    throw new AppError('RESOLUTION_TOO_HIGH', message, { details: { width, height, max_pixels: maxPixels } });
  }
}
