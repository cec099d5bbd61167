import sharp, { type JpegOptions, type PngOptions, type Sharp } from 'sharp';

export interface PhotoWanted {
  readonly width?: number;
  readonly height?: number;
  readonly format?: 'jpeg' | 'png';
  /** Of JPEG, 1–100. */
  readonly quality?: number;
  /** Another seed, another picture; the same seed, the same bytes. */
  readonly seed?: number;
}

const made = new Map<string, Promise<Buffer>>();

/** A photograph of nothing in particular: soft shapes with a camera's noise, so that it compresses like a real one. */
export function photo(wanted: PhotoWanted = {}): Promise<Buffer> {
  const key = JSON.stringify(wanted);
  const known = made.get(key) ?? makePhoto(wanted);
  made.set(key, known);
  return known;
}

/**
 * A 4:3 JPEG of about that many bytes (within a tenth), half a byte a pixel as phones make them.
 * @param bytes from 300,000, below which it would be smaller than 800×600
 */
export async function photoOfAbout(bytes: number, seed = 1): Promise<Buffer> {
  const first = await photo({ ...fourByThree(2 * bytes), seed });
  const off = first.length / bytes;
  return off > 0.95 && off < 1.05 ? first : await photo({ ...fourByThree((2 * bytes) / off), seed });
}

/** For what `photo` has no word for: progressive, restart markers, palettes, metadata. */
export async function photoBy(
  encode: (image: Sharp) => Sharp,
  { width = 900, height = 700, seed = 1 }: PhotoWanted = {},
): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  return await encode(sharp(noisyPixels(width, height, seed), { raw })).toBuffer();
}

function makePhoto({
  width = 900,
  height = 700,
  format = 'jpeg',
  quality = 85,
  seed = 1,
}: PhotoWanted): Promise<Buffer> {
  const jpeg: JpegOptions = { quality };
  const png: PngOptions = { compressionLevel: 1 };
  return photoBy((image) => (format === 'jpeg' ? image.jpeg(jpeg) : image.png(png)), { width, height, seed });
}

function fourByThree(pixels: number): { width: number; height: number } {
  const height = Math.round(Math.sqrt((pixels * 3) / 4));
  return { width: Math.round((height * 4) / 3), height };
}

const NOISE_BYTES = 1 << 16;
const NOISE_AMPLITUDE = 122;

/** RGB: two slow waves for the shapes, and noise from a table for the grain. */
function noisyPixels(width: number, height: number, seed: number): Buffer {
  const noise = noiseTable(seed);
  const pixels = Buffer.allocUnsafe(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const start = Math.imul(y + seed, 40_503) >>> 0;
    const row = 60 * Math.sin((y + 37 * seed) / 90);
    for (let x = 0; x < width; x++) {
      const light = 128 + row * Math.cos(x / 110) + (noise[(start + x) % NOISE_BYTES] ?? 0);
      pixels[at++] = light;
      pixels[at++] = light * 0.9;
      pixels[at++] = light * 0.8;
    }
  }
  return pixels;
}

function noiseTable(seed: number): Int8Array {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return Int8Array.from({ length: NOISE_BYTES }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) % NOISE_AMPLITUDE) - NOISE_AMPLITUDE / 2;
  });
}
