import type { Sharp, SharpOptions } from 'sharp';
import { MOST_JPEG_SCANS } from '../../../../kernel/jpeg-scans';
import type { Decoded, Size } from '../../domain/prepare/image-decoder';
import { type OfEachVariant, VARIANTS } from '../../domain/prepare/variants';
import { hasTooManyScans } from './jpeg-scans';

type SharpModule = typeof import('sharp').default;

interface Pixels {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number; readonly channels: 1 | 2 | 3 | 4 };
}

export interface EncodedVariant extends Size {
  readonly bytes: Buffer;
}

export type MadeVariants =
  | { readonly is: 'made'; readonly variants: OfEachVariant<EncodedVariant> }
  | Extract<Decoded, { is: 'refused' }>;

/** Said by libvips, libjpeg and libpng of data that end before the picture does. */
const CUT_OFF = /premature end|read error|unsupported image|pixel limit|too few|bad seek|out of order/i;
/** Said of the machine, not of the image: of memory, threads, descriptors and the disk. */
const OF_THE_MACHINE =
  /memory|alloc|too many open|no space|creat\w+ thread|temporarily unavailable|resource|input\/output error/i;

/**
 * Decodes the image whole and makes the variants of its pixels, the small one of the large one's: the original is decoded once.
 * Bytes that came with the picture (EXIF, GPS, ICC, XMP, IPTC) stay behind: the encoders are not told to keep any.
 * @throws whatever says nothing about the image
 */
export async function makeVariants(sharp: SharpModule, original: Buffer, maxPixels: number): Promise<MadeVariants> {
  if (hasTooManyScans(original)) return { is: 'refused', why: `it comes in more than ${MOST_JPEG_SCANS} scans` };
  const pixels = await decodeWhole(sharp, original, maxPixels);
  if ('is' in pixels) return pixels;
  const { data, info } = pixels;
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const from = () => sharp(data, { raw });
  // One after the other: a decoder takes one processor, so that their number says how many they take.
  const model = await encoded(from().flatten({ background: '#fff' }).jpeg({ quality: 85 }));
  const thumb = await encoded(resized(from(), VARIANTS.thumb.longestSide).webp({ quality: 80, effort: 2 }));
  return { is: 'made', variants: { thumb, model } };
}

async function encoded(image: Sharp): Promise<EncodedVariant> {
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height };
}

/**
 * Cameras write files that the decoder has something to say about and that are whole all the same; but what is cut off and given an
 * end again is told by such a warning alone. So every warning counts at first, and then only what says that something is missing.
 */
async function decodeWhole(
  sharp: SharpModule,
  original: Buffer,
  maxPixels: number,
): Promise<Pixels | Extract<Decoded, { is: 'refused' }>> {
  const decode = (failOn: 'warning' | 'truncated') =>
    pixelsOf(sharp, original, { failOn, limitInputPixels: maxPixels });
  try {
    return await decode('warning').catch((error) => {
      if (CUT_OFF.test(messageOf(error)) || OF_THE_MACHINE.test(messageOf(error))) throw error;
      return decode('truncated');
    });
  } catch (error) {
    const why = messageOf(error);
    if (OF_THE_MACHINE.test(why)) throw error;
    return { is: 'refused', why: why.slice(0, 200) };
  }
}

/** Upright, sRGB, 8 bits, as large as the largest variant. */
async function pixelsOf(sharp: SharpModule, original: Buffer, options: SharpOptions): Promise<Pixels> {
  const image = resized(sharp(original, options).autoOrient(), VARIANTS.model.longestSide);
  return await image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
}

function resized(image: Sharp, longestSide: number): Sharp {
  return image.resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true });
}

/** Made by libvips of a buffer: it names no path. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
}
