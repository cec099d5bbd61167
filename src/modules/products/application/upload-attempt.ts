import { AppError } from '../../../kernel/app-error';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import { imageKey } from '../../../kernel/object-key';
import type { ReceivedImage, StoredImage } from '../domain/received-image';
import type { AttemptIntent, AttemptJournal, Originals } from '../domain/upload-ports';
import type { Slots } from './slots';

export interface AttemptDeps {
  readonly journal: AttemptJournal;
  readonly originals: Originals;
  /** Puts of this process that run at once. */
  readonly putSlots: Slots;
  /** How often a living attempt renews its intent: well below INTENT_TTL_SECONDS. */
  readonly renewEveryMs: number;
  readonly log: Log;
}

/**
 * One attempt to write the objects of one product, under a prefix of its own: the intent is committed before the first put,
 * renewed while the attempt lives, and every put runs while the next image is still being received.
 */
export class UploadAttempt {
  readonly id: AttemptId;
  readonly productId: ProductId;
  private readonly stop = new AbortController();
  private readonly puts: Promise<StoredImage>[] = [];
  private opened: Promise<void> | undefined;
  private renewal: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly deps: AttemptDeps,
    readonly intent: AttemptIntent,
  ) {
    this.id = intent.id;
    this.productId = intent.productId;
  }

  /** Whether an intent may exist: only then is there something to clean up. */
  get begun(): boolean {
    return this.opened !== undefined;
  }

  /** For an intent that was opened together with its idempotency key. */
  adoptOpenIntent(): void {
    this.opened = Promise.resolve();
    this.keepAlive();
  }

  /** Begins to store; `stored()` tells how it ended. */
  store(image: ReceivedImage): void {
    this.stop.signal.throwIfAborted();
    const put = this.putImage(image);
    put.catch((error) => this.stop.abort(error)); // the next image need not be received
    this.puts.push(put);
  }

  /** All images with their keys, in order, once every one is in the store. */
  stored(): Promise<StoredImage[]> {
    return Promise.all(this.puts);
  }

  /** Ends every put that is under way, and waits for that: nothing of this process writes under the prefix afterwards. */
  async quiet(): Promise<void> {
    this.stop.abort(new Error('the attempt was given up'));
    await Promise.allSettled(this.puts);
    this.rest();
  }

  /** Stops the renewal. */
  rest(): void {
    clearInterval(this.renewal);
  }

  private async putImage(image: ReceivedImage): Promise<StoredImage> {
    await this.open();
    const key = imageKey(this.intent.prefix, image.id, 'original', image.facts.extension);
    await this.deps.putSlots.run(() => {
      this.stop.signal.throwIfAborted();
      return this.deps.originals.put(key, image.file, image.facts.contentType, this.stop.signal);
    });
    return { ...image, key };
  }

  private open(): Promise<void> {
    this.opened ??= this.deps.journal.open(this.intent).then(() => this.keepAlive());
    return this.opened;
  }

  private keepAlive(): void {
    this.renewal = setInterval(() => {
      this.deps.journal.renew(this.id).then(
        (alive) => alive || this.stop.abort(new AppError('OVERLOADED', 'The upload took too long to be stored.')),
        // The next renewal may succeed; if none does, the intent expires and the commit refuses itself.
        (error) => this.deps.log.warn({ err: error, intent_id: this.id }, 'an intent could not be renewed'),
      );
    }, this.deps.renewEveryMs);
  }
}
