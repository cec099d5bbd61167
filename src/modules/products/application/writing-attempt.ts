import { AppError } from '../../../kernel/app-error';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import type { AttemptIntent, AttemptJournal } from '../domain/upload-ports';
import type { Slots } from './slots';

export interface WritingDeps {
  readonly journal: AttemptJournal;
  /** Puts of this process that run at once. */
  readonly putSlots: Slots;
  /** How often a living attempt renews its intent: well below INTENT_TTL_SECONDS. */
  readonly renewEveryMs: number;
  readonly log: Log;
}

/**
 * One attempt to write the objects of one product, under a prefix of its own: the intent is committed before the first write
 * and renewed while the attempt lives, and the first write that fails ends the others.
 */
export class WritingAttempt<Written> {
  readonly id: AttemptId;
  readonly productId: ProductId;
  private readonly stop = new AbortController();
  private readonly writes: Promise<Written>[] = [];
  private opened: Promise<void> | undefined;
  private renewal: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly deps: WritingDeps,
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

  /** Begins to write, as soon as there is a slot; `written()` tells how it ended. */
  begin(write: (signal: AbortSignal) => Promise<Written>): void {
    this.stop.signal.throwIfAborted();
    const writing = this.run(write);
    writing.catch((error) => this.stop.abort(error)); // the others need not be written
    this.writes.push(writing);
  }

  /** What each write gave, in the order they began, once all have ended well. */
  written(): Promise<Written[]> {
    return Promise.all(this.writes);
  }

  /** Ends every write that is under way, and waits for that: nothing of this process writes under the prefix afterwards. */
  async quiet(): Promise<void> {
    this.stop.abort(new Error('the attempt was given up'));
    await Promise.allSettled(this.writes);
    this.rest();
  }

  /** Stops the renewal. */
  rest(): void {
    clearInterval(this.renewal);
  }

  private async run(write: (signal: AbortSignal) => Promise<Written>): Promise<Written> {
    await this.open();
    return this.deps.putSlots.run(() => {
      this.stop.signal.throwIfAborted();
      return write(this.stop.signal);
    });
  }

  private open(): Promise<void> {
    this.opened ??= this.deps.journal.open(this.intent).then(() => this.keepAlive());
    return this.opened;
  }

  private keepAlive(): void {
    this.renewal = setInterval(() => {
      this.deps.journal.renew(this.id).then(
        (alive) => alive || this.stop.abort(new AppError('OVERLOADED', 'It took too long to be stored.')),
        // The next renewal may succeed; if none does, the intent expires and the commit refuses itself.
        (error) => this.deps.log.warn({ err: error, intent_id: this.id }, 'an intent could not be renewed'),
      );
    }, this.deps.renewEveryMs);
  }
}
