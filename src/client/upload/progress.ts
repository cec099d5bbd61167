export interface UploadProgress {
  readonly phase: 'hashing' | 'uploading' | 'completing';
  /** From the announcement on: one that may be resumed is given up by `api.uploads.abort.mutate({ product_id: productId })`. */
  readonly productId: string | null;
  /** Of all files together. Falls where a file has to be sent again. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** In the order in which they were given. */
  readonly files: readonly { readonly sentBytes: number; readonly totalBytes: number }[];
}

/**
 * Counts the bytes that are under way or have arrived, and tells whoever watches. What the watcher throws is no fault of the sending
 * that it would be taken for: it is handed on.
 */
export class Progress {
  private phase: UploadProgress['phase'] = 'hashing';
  private productId: string | null = null;
  private readonly sent: number[];

  constructor(
    private readonly files: readonly Blob[],
    private readonly watcher: ((progress: UploadProgress) => void) | undefined,
    private readonly watcherThrew: (error: unknown) => void,
  ) {
    this.sent = files.map(() => 0);
  }

  enter(phase: UploadProgress['phase']): void {
    this.phase = phase;
    this.tell();
  }

  /** Told at once: whatever fails from now on leaves an upload that has this name. */
  announced(productId: string): void {
    this.productId = productId;
    this.enter('uploading');
  }

  sentOf(index: number, bytes: number): void {
    if (this.sent[index] === bytes) return;
    this.sent[index] = bytes;
    this.tell();
  }

  allSent(): void {
    for (const [index, { size }] of this.files.entries()) this.sent[index] = size;
    this.tell();
  }

  private tell(): void {
    try {
      this.watcher?.(this.now());
    } catch (error) {
      this.watcherThrew(error);
    }
  }

  private now(): UploadProgress {
    const files = this.files.map(({ size }, index) => ({ sentBytes: this.sent[index] ?? 0, totalBytes: size }));
    return {
      phase: this.phase,
      productId: this.productId,
      sentBytes: files.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
      totalBytes: files.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
      files,
    };
  }
}
