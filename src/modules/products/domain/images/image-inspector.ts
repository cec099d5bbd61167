import type { ImageFacts, ImageInspector, ImageLimits } from './image-facts';
import { cutOff, damaged, judgeSize, type PixelSize, unsupported } from './image-faults';
import { jpegStructure } from './jpeg-structure';
import { PNG_SIGNATURE, pngStructure } from './png-structure';
import { StructureWalk } from './structure-walk';

const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG = { format: 'jpeg', contentType: 'image/jpeg', extension: 'jpg' } as const;
const PNG = { format: 'png', contentType: 'image/png', extension: 'png' } as const;

type Kind = typeof JPEG | typeof PNG;

/** Judges one file by its bytes alone: type, size in pixels, and that its structure comes to its end. */
export function createImageInspector(limits: ImageLimits): ImageInspector {
  return new StreamingInspector(limits);
}

class StreamingInspector implements ImageInspector {
  #start: Buffer = Buffer.alloc(0);
  #judged: { kind: Kind; walk: StructureWalk<PixelSize> } | null = null;
  #size: PixelSize | null = null;

  constructor(private readonly limits: ImageLimits) {}

  get header(): ImageFacts | null {
    return this.#judged && this.#size && { ...this.#judged.kind, width: this.#size.width, height: this.#size.height };
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#judged) this.#judged.walk.push(bytes);
    else this.#begin(this.#start.length === 0 ? bytes : Buffer.concat([this.#start, bytes]));
  }

  finish(): ImageFacts {
    if (this.#judged === null && this.#start.length === 0) throw damaged('it is empty.');
    const size = this.#judged?.walk.result ?? null;
    if (this.#judged === null || size === null) throw cutOff();
    return { ...this.#judged.kind, width: size.width, height: size.height };
  }

  #begin(bytes: Buffer): void {
    const kind = kindOf(bytes);
    if (kind === null) {
      this.#start = Buffer.from(bytes); // the chunk is not ours to keep
      return;
    }
    const judge = (size: PixelSize): void => {
      judgeSize(size, this.limits);
      this.#size = size;
    };
    const steps = kind === JPEG ? jpegStructure(judge) : pngStructure(judge);
    this.#judged = { kind, walk: new StructureWalk(steps) };
    this.#judged.walk.push(bytes);
  }
}

/** null while the bytes are too few to tell. @throws AppError UNSUPPORTED_FORMAT */
function kindOf(bytes: Buffer): Kind | null {
  if (beginsAlike(bytes, JPEG_START)) return bytes.length < JPEG_START.length ? null : JPEG;
  if (beginsAlike(bytes, PNG_SIGNATURE)) return bytes.length < PNG_SIGNATURE.length ? null : PNG;
  throw unsupported();
}

function beginsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}
