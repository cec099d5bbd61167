import type { ProductId, UserId } from '../../../kernel/ids';

/** One line of a seller's outbox. */
export interface ProductEvent {
  readonly userId: UserId;
  /** Counts the seller's events from 1, in the order of their commits, without gaps. */
  readonly number: number;
  readonly productId: ProductId;
  readonly type: string;
  readonly data: unknown;
  /** When its transaction began. */
  readonly at: Date;
}

/** What a follower receives, on every door: exactly these three, and no `id` where it is not kept. */
export class EventMessage {
  readonly #body: { readonly id?: number; readonly type: string; readonly data: unknown };
  #text: string | null = null;

  private constructor(body: EventMessage['body']) {
    this.#body = body;
  }

  static of({ number, type, data }: ProductEvent): EventMessage {
    return new EventMessage({ id: number, type, data });
  }

  /** What lies between the follower's last event and this number cannot be told any more: it must read its products again. */
  static resync(lastEvent: number): EventMessage {
    return new EventMessage({ id: lastEvent, type: 'resync', data: {} });
  }

  /** Not kept, so not numbered. */
  static passing(type: string, data: unknown): EventMessage {
    return new EventMessage({ type, data });
  }

  get body(): { readonly id?: number; readonly type: string; readonly data: unknown } {
    return this.#body;
  }

  /** As JSON; made once, however many receive it. */
  get text(): string {
    this.#text ??= JSON.stringify(this.#body);
    return this.#text;
  }
}
