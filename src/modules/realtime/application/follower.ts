import type { ProductId, UserId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import { EventMessage, type ProductEvent } from '../domain/event-message';
import type { EventsWanted } from '../domain/ports';
import { type KeptEvents, resumeAfter } from '../domain/resume';
import type { Sink } from '../domain/sink';

export interface FollowRequest {
  readonly userId: UserId;
  /** Of this product alone; null: of all of the seller's. */
  readonly productId: ProductId | null;
  /** The last number it has seen. */
  readonly lastEventId: number;
}

export interface FollowerDeps {
  kept(seller: UserId): Promise<KeptEvents>;
  after(wanted: EventsWanted): Promise<ProductEvent[]>;
  /** `after` answers so many at most. */
  readonly pageSize: number;
  delivered(event: ProductEvent): void;
  readonly log: Log;
  readonly retryMs: number;
}

/** How far the events of a seller have been read for all who follow; null until somebody knows where to begin. */
export interface Head {
  number: number | null;
}

/**
 * One who follows a seller's events. It is registered before it reads what it missed, and joins the others only at the moment
 * when it has read as far as they have: nothing falls in between, and nothing comes twice. One that cannot take more leaves them
 * and reads again from the outbox once it can, so what waits for it never grows.
 */
export class Follower {
  /** Something of the product it asked for has come. */
  seen = false;
  #position: number;
  #live = false;
  #ended = false;

  constructor(
    private readonly deps: FollowerDeps,
    private readonly head: Head,
    readonly request: FollowRequest,
    private readonly sink: Sink,
  ) {
    this.#position = request.lastEventId;
  }

  /** Where to resume. */
  get position(): number {
    return this.#position;
  }

  end(): void {
    this.#ended = true;
    this.#live = false;
  }

  /** Finds out where to begin, and begins. Settles when it has caught up or ended. */
  async begin(): Promise<void> {
    const kept = await this.#asked(() => this.deps.kept(this.request.userId));
    if (kept === null) return;
    const { after, resync } = resumeAfter(this.request.lastEventId, kept);
    this.#position = after;
    this.head.number ??= kept.last;
    if (resync) this.sink.send(EventMessage.resync(after), after);
    await this.#catchUp(after);
  }

  /** The next events of the seller, as the others get them. */
  offer(events: readonly ProductEvent[]): void {
    if (!this.#live) return;
    const position = this.#deliver(events, this.#position);
    if (position < (events.at(-1)?.number ?? 0)) {
      this.#live = false;
      void this.#catchUp(position);
    }
  }

  /** What is not kept: it does not wait for room. */
  pass(productId: ProductId, message: EventMessage): void {
    if (this.#ended || !this.#isWanted(productId)) return;
    this.seen = true;
    if (!this.sink.full) this.sink.send(message, this.#position);
  }

  async #catchUp(from: number): Promise<void> {
    const { userId } = this.request;
    let position = from;
    while (!this.#ended) {
      if (!(await this.sink.room())) return this.#tooSlow();
      const events = await this.#asked(() => this.deps.after({ userId, after: position }));
      if (events === null) return;
      if (this.#isMissing(events, position)) {
        position = this.#resync(events);
        continue;
      }
      const isAll = events.length < this.deps.pageSize;
      const last = events.at(-1)?.number ?? position;
      position = this.#deliver(events, position);
      if (isAll && position === last && position >= (this.head.number ?? 0)) {
        this.#live = !this.#ended;
        return;
      }
    }
  }

  /** As much as there is room for. @returns the number of the last one that was delivered or is none of its */
  #deliver(events: readonly ProductEvent[], from: number): number {
    let position = from;
    for (const event of events) {
      if (event.number <= position) continue;
      if (this.sink.full || this.#ended) break;
      position = event.number;
      this.#position = position;
      if (!this.#isWanted(event.productId)) continue;
      this.seen = true;
      this.sink.send(EventMessage.of(event), position);
      this.deps.delivered(event);
    }
    return position;
  }

  /**
   * Numbers have no gaps: what is not there any more was removed while this one was too far behind. What goes by age need not go by number,
   * so one may be missing between others.
   */
  #isMissing(events: readonly ProductEvent[], position: number): boolean {
    const last = events.at(-1);
    return last === undefined ? (this.head.number ?? 0) > position : last.number - position !== events.length;
  }

  #resync(events: readonly ProductEvent[]): number {
    const position = Math.max(this.head.number ?? 0, events.at(-1)?.number ?? 0);
    this.#position = position;
    this.sink.send(EventMessage.resync(position), position);
    return position;
  }

  #isWanted(productId: ProductId): boolean {
    return this.request.productId === null || this.request.productId === productId;
  }

  #tooSlow(): void {
    if (!this.#ended) this.sink.end('slow', this.#position);
  }

  /** Asks until it is answered: while the database is out of order, followers stay and wait. Null when it has ended. */
  async #asked<Answer>(question: () => Promise<Answer>): Promise<Answer | null> {
    while (!this.#ended) {
      try {
        return await question();
      } catch (error) {
        this.deps.log.warn({ err: error }, 'events could not be read and are asked for again');
        await Bun.sleep(this.deps.retryMs * (0.5 + Math.random()));
      }
    }
    return null;
  }
}
