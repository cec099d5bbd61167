import { unsupported } from './image-faults';

/** No camera or encoder comes near: profiles and metadata come in pieces of up to 64 KiB. Walked through, so many take a tenth of a second. */
const BASE = 65_536;
/** Beyond that a part has to stand for so many bytes: writers of small pieces use a KiB and more. */
const BYTES_EACH = 256;

/**
 * How many parts a file may be made of: each one is a step of its walk, on the thread that serves everybody. Ten megabytes of parts without
 * content would be millions of steps, and seconds.
 */
export class PartsBudget {
  #parts = 0;
  #bytes = 0;

  /** @param bytes of the part. @throws AppError UNSUPPORTED_FORMAT */
  spend(bytes: number): void {
    this.#parts += 1;
    this.#bytes += bytes;
    if (this.#parts > BASE + this.#bytes / BYTES_EACH)
      throw unsupported('A picture that is made of very many tiny parts cannot be used.');
  }
}
