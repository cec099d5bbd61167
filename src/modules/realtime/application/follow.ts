import type { Clock } from '../../../kernel/clock';
import type { ProductId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import { seldom } from '../../../kernel/seldom';
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
  readonly log: Log;
  /** The first pause after a failure. */
  readonly retryMs?: number;
}

export interface Wanted {
  readonly productId: ProductId | null;
  /** Of a client that names none: the seller's last one, read before the client is told that its following has begun. */
  readonly lastEventId: number;
}

export type Follow = ReturnType<typeof follow>;

// The longest that setTimeout takes.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const RETRY_MS = 2000;
const LONGEST_RETRY_MS = 30_000;
/** All followers meet one outage together: it is told once in so long. */
const WARN_EVERY_MS = 10_000;

/**
 * Follows until the sink is left, the token expires, its session is revoked, or the product turns out not to be the seller's. That
 * is found out in the same way and after the same time whether there is no such product or it is another's: only the seller's own
 * events and products are ever looked at.
 * @returns to be called when the follower has gone; safe to repeat
 */
export const follow = (deps: FollowDeps) => {
  const warn = seldom<unknown>(WARN_EVERY_MS, (error) =>
    deps.log.warn({ err: error }, 'whose a followed product is could not be found out and is asked again'),
  );
  return ({ seller, expiresAt }: Admitted, { productId, lastEventId }: Wanted, sink: Sink): (() => void) => {
    const follower = deps.feed.follow({ userId: seller.userId, productId, lastEventId }, sink);
    const end = (why: EndReason) => sink.end(why, follower.position);
    const lifetime = Math.min(expiresAt.getTime() - deps.clock().getTime(), LONGEST_TIMER_MS);
    const expiry = setTimeout(() => end('expired'), lifetime);
    let judgement: ReturnType<typeof setTimeout> | undefined;
    let left = false;
    if (productId !== null) {
      const judge = async (): Promise<void> => {
        if (!follower.seen && !(await deps.products.owns(seller, productId))) end('not-found');
      };
      const later = (ms: number, failures = 0) => {
        judgement = setTimeout(() => {
          // a database that does not answer says nothing against the follower, and is asked again
          judge().catch((error: unknown) => {
            warn(error);
            if (!left) later(pauseMs(deps.retryMs ?? RETRY_MS, failures), failures + 1);
          });
        }, ms);
      };
      later(deps.unknownProductMs);
    }
    const unwatch = seller.sessionId === undefined ? null : deps.sessions.watch(seller.sessionId, () => end('revoked'));
    return () => {
      left = true;
      clearTimeout(expiry);
      clearTimeout(judgement);
      unwatch?.();
      deps.feed.leave(follower);
    };
  };
};

/** Between half and all of a time that doubles: those who met one outage together do not come back together. */
function pauseMs(firstMs: number, failures: number): number {
  return Math.min(LONGEST_RETRY_MS, firstMs * 2 ** failures) * (0.5 + Math.random() / 2);
}
