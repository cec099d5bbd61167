import type { Clock } from '../../../kernel/clock';
import type { ProductId } from '../../../kernel/ids';
import type { Admitted, OwnProducts } from '../domain/ports';
import type { EndReason, Sink } from '../domain/sink';
import type { EventFeed } from './event-feed';
import type { SessionWatch } from './session-watch';

export interface FollowDeps {
  readonly feed: Pick<EventFeed, 'follow' | 'leave'>;
  readonly products: OwnProducts;
  readonly sessions: Pick<SessionWatch, 'watch'>;
  readonly clock: Clock;
  /** How long a product may be unknown to whoever follows it: its upload may be about to begin. */
  readonly unknownProductMs: number;
}

export interface Wanted {
  readonly productId: ProductId | null;
  /** Of a client that names none: the seller's last one, read before the client is told that its following has begun. */
  readonly lastEventId: number;
}

export type Follow = ReturnType<typeof follow>;

// The longest that setTimeout takes.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Follows until the sink is left, the token expires, its session is revoked, or the product turns out not to be the seller's. That
 * is found out in the same way and after the same time whether there is no such product or it is another's: only the seller's own
 * events and products are ever looked at.
 * @returns to be called when the follower has gone; safe to repeat
 */
export const follow =
  (deps: FollowDeps) =>
  ({ seller, expiresAt }: Admitted, { productId, lastEventId }: Wanted, sink: Sink): (() => void) => {
    const follower = deps.feed.follow({ userId: seller.userId, productId, lastEventId }, sink);
    const end = (why: EndReason) => sink.end(why, follower.position);
    const left = Math.min(expiresAt.getTime() - deps.clock().getTime(), LONGEST_TIMER_MS);
    const timers = [setTimeout(() => end('expired'), left)];
    if (productId !== null) {
      const judge = async () => {
        if (!follower.seen && !(await deps.products.owns(seller, productId))) end('not-found');
      };
      // a database that does not answer says nothing against the follower
      timers.push(setTimeout(() => void judge().catch(() => undefined), deps.unknownProductMs));
    }
    const unwatch = seller.sessionId === undefined ? null : deps.sessions.watch(seller.sessionId, () => end('revoked'));
    return () => {
      for (const timer of timers) clearTimeout(timer);
      unwatch?.();
      deps.feed.leave(follower);
    };
  };
