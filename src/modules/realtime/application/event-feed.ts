import type { UserId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import { EventMessage, type ProductEvent } from '../domain/event-message';
import type { EventLog, EventsWanted, ProgressSignal } from '../domain/ports';
import type { Sink } from '../domain/sink';
import { batched } from './batched';
import { Follower, type FollowerDeps, type FollowRequest, type Head } from './follower';

export interface EventFeedDeps {
  readonly events: EventLog;
  readonly log: Log;
  /** Told of each event that was handed to a follower. */
  readonly delivered: (event: ProductEvent) => void;
  readonly pageSize?: number;
  readonly retryMs?: number;
}

/** The followers of one seller on this instance, and how far its outbox has been read for them. */
interface FollowedSeller extends Head {
  readonly userId: UserId;
  readonly followers: Set<Follower>;
  reading: boolean;
  /** Something may have come since the read that is under way began. */
  again: boolean;
}

/** Sellers in one statement. */
const MOST_AT_ONCE = 500;

/** Hands on what the outbox of each seller says to those who follow it on this instance; woken by NOTIFY. */
export class EventFeed {
  readonly #sellers = new Map<UserId, FollowedSeller>();
  readonly #deps: FollowerDeps;

  constructor({ events, log, delivered, pageSize = 100, retryMs = 500 }: EventFeedDeps) {
    this.#deps = {
      kept: batched((sellers: readonly UserId[]) => events.kept(sellers), MOST_AT_ONCE),
      after: batched((wanted: readonly EventsWanted[]) => events.after(wanted, pageSize), MOST_AT_ONCE),
      pageSize,
      delivered,
      log,
      retryMs,
    };
  }

  /** Sellers that somebody follows here. */
  get followedSellers(): number {
    return this.#sellers.size;
  }

  /** @returns the number of the seller's last event: who follows from it on misses nothing that comes from now on */
  async lastEvent(userId: UserId): Promise<number> {
    return (await this.#deps.kept(userId)).last;
  }

  /** @returns to be left by `leave` */
  follow(request: FollowRequest, sink: Sink): Follower {
    const seller = this.#sellers.get(request.userId) ?? this.#begin(request.userId);
    const follower = new Follower(this.#deps, seller, request, sink);
    seller.followers.add(follower);
    // what was announced while nobody knew where to begin was not read
    void follower.begin().then(() => this.#read(seller));
    return follower;
  }

  leave(follower: Follower): void {
    follower.end();
    const seller = this.#sellers.get(follower.request.userId);
    if (!seller?.followers.delete(follower)) return;
    if (seller.followers.size === 0) this.#sellers.delete(seller.userId);
  }

  /** @param number of an event that was committed */
  wake(userId: UserId, number: number): void {
    const seller = this.#sellers.get(userId);
    if (seller && !(seller.number !== null && number <= seller.number)) void this.#read(seller);
  }

  /** Anything may have been missed. */
  wakeAll(): void {
    for (const seller of this.#sellers.values()) void this.#read(seller);
  }

  progress({ userId, productId, ...rest }: ProgressSignal): void {
    const seller = this.#sellers.get(userId);
    if (!seller) return;
    const message = EventMessage.passing('upload_progress', {
      product_id: productId,
      uploaded_images: rest.uploadedImages,
      total_images: rest.totalImages,
      progress_percent: rest.progressPercent,
    });
    for (const follower of seller.followers) follower.pass(productId, message);
  }

  #begin(userId: UserId): FollowedSeller {
    const seller: FollowedSeller = { userId, followers: new Set(), number: null, reading: false, again: false };
    this.#sellers.set(userId, seller);
    return seller;
  }

  async #read(seller: FollowedSeller): Promise<void> {
    seller.again = true;
    if (seller.reading) return;
    seller.reading = true;
    while (seller.again && seller.number !== null && seller.followers.size > 0) {
      seller.again = false;
      try {
        seller.again = (await this.#readPage(seller, seller.number)) || seller.again;
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'events could not be read and are asked for again');
        await Bun.sleep(this.#deps.retryMs);
        seller.again = true;
      }
    }
    seller.reading = false;
  }

  /** @returns whether there is more */
  async #readPage(seller: FollowedSeller, after: number): Promise<boolean> {
    const events = await this.#deps.after({ userId: seller.userId, after });
    seller.number = events.at(-1)?.number ?? after;
    for (const follower of seller.followers) follower.offer(events);
    return events.length === this.#deps.pageSize;
  }
}
