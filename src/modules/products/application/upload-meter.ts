import type { ProductId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import type { UploadProgress } from '../domain/upload-progress';

export interface MeteredUpload {
  readonly seller: Seller;
  readonly productId: ProductId;
  /** Of the whole body; null where it was not announced: then the percentage stays 0 until the end. */
  readonly totalBytes: number | null;
}

/** Counts what comes of a multipart body, and tells it whenever the percentage or the number of images has changed. */
export class UploadMeter {
  #receivedBytes = 0;
  #begun = 0;
  #whole = 0;
  #told = -1;

  /** @param progress absent: nobody is told */
  constructor(
    private readonly progress: UploadProgress | undefined,
    private readonly upload: MeteredUpload,
  ) {}

  imageBegan(): void {
    this.#begun += 1;
    this.#tell(this.#percent);
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
    if (this.#percent !== this.#told) this.#tell(this.#percent);
  }

  imageIsWhole(): void {
    this.#whole += 1;
    this.#tell(this.#percent);
  }

  /** All of it is in the store. */
  stored(): void {
    this.#tell(100);
  }

  get #percent(): number {
    const { totalBytes } = this.upload;
    return totalBytes ? Math.min(99, Math.floor((100 * this.#receivedBytes) / totalBytes)) : 0;
  }

  #tell(progressPercent: number): void {
    this.#told = progressPercent;
    const { seller, productId } = this.upload;
    this.progress?.tell({
      userId: seller.userId,
      productId,
      uploadedImages: this.#whole,
      totalImages: this.#begun,
      progressPercent,
    });
  }
}
