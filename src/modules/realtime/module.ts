import type { Clock } from '../../kernel/clock';
import type { UserId } from '../../kernel/ids';
import type { Log } from '../../kernel/log';
import type { RateLimits } from '../../platform/admission/rate-limits';
import type { Database } from '../../platform/database/database';
import { Notifications } from '../../platform/database/notifications';
import { productEventsRouter } from './api/events-subscription';
import { realtimeRouter } from './api/ticket';
import { wsDoor } from './api/ws-door';
import { admit } from './application/admit';
import { EventFeed } from './application/event-feed';
import { follow } from './application/follow';
import { ProgressThrottle } from './application/progress-throttle';
import { Seats } from './application/seats';
import { SessionWatch } from './application/session-watch';
import type { ProductEvent } from './domain/event-message';
import type { Identities } from './domain/ports';
import {
  announceProgress,
  EVENTS_CHANNEL,
  PROGRESS_CHANNEL,
  parseEventNotice,
  parseProgress,
} from './infrastructure/channels';
import { postgresEventLog } from './infrastructure/postgres-event-log';
import { postgresOwnProducts } from './infrastructure/postgres-own-products';
import { postgresTickets } from './infrastructure/postgres-tickets';

export interface RealtimeModuleDeps {
  readonly database: Database;
  readonly identities: Identities;
  readonly clock: Clock;
  readonly log: Log;
  readonly corsOrigins: readonly string[];
  readonly publicUrl: () => string;
  /** How long a product may be unknown to whoever follows it. */
  readonly unknownProductSeconds: number;
  /** WebSockets and event streams of one seller, on this instance. */
  readonly followersPerSeller: number;
  /** How long a follower that does not read is waited for. */
  readonly slowConsumerSeconds: number;
  /** Told how long each event took from its transaction to a follower. */
  readonly delivered: (seconds: number) => void;
}

/** Life of a ticket: it is used at once, or not at all. */
const TICKET_SECONDS = 60;

/** Part of the composition root: the feed of this instance, its doors, and the connection that wakes it. */
export function realtimeModule(deps: RealtimeModuleDeps) {
  const { database, identities, clock, log } = deps;
  const followers = { websocket: 0, sse: 0 };
  const feed = new EventFeed({ events: postgresEventLog(database), log, delivered: measure(deps) });
  const notifications = notificationsTo(feed, deps);
  const tickets = postgresTickets(database.orm, identities);
  const products = postgresOwnProducts(database);
  const progress = new ProgressThrottle({ announce: announceProgress(database), log });
  const slowMs = deps.slowConsumerSeconds * 1000;
  const common = {
    admit: admit({ tickets, identities }),
    follow: follow({
      feed,
      products,
      clock,
      log,
      sessions: new SessionWatch({ liveSessions: identities.liveSessions, log }),
      unknownProductMs: deps.unknownProductSeconds * 1000,
    }),
    lastEvent: (seller: UserId) => feed.lastEvent(seller),
    slowMs,
    seats: new Seats(deps.followersPerSeller),
  };
  return {
    router: realtimeRouter({
      issueTicket: (holder) => tickets.issue(holder, TICKET_SECONDS),
      expiryOf: identities.expiryOf,
    }),
    productEventsRouter: productEventsRouter({ ...common, opened: (change) => (followers.sse += change) }),
    wsDoor: (stopping: AbortSignal, rateLimits: RateLimits) =>
      wsDoor({ ...deps, ...common, stopping, rateLimits, opened: (change) => (followers.websocket += change) }),
    /** Told how far uploads are; it neither waits nor fails. */
    uploadProgress: { tell: progress.tell.bind(progress) },
    /** Open at this moment, by door. */
    followers: () => Promise.resolve({ ...followers }),
    start: () => notifications.start(),
    async stop() {
      await progress.stop();
      await notifications.stop();
    },
  };
}

function measure({ clock, delivered }: Pick<RealtimeModuleDeps, 'clock' | 'delivered'>) {
  return ({ at }: ProductEvent) => delivered(Math.max(0, clock().getTime() - at.getTime()) / 1000);
}

function notificationsTo(feed: EventFeed, { database, log }: RealtimeModuleDeps): Notifications {
  return new Notifications({
    database,
    log,
    channels: {
      [EVENTS_CHANNEL]: (payload) => {
        const notice = parseEventNotice(payload);
        if (notice) feed.wake(notice.userId, notice.number);
      },
      [PROGRESS_CHANNEL]: (payload) => {
        const signal = parseProgress(payload);
        if (signal) feed.progress(signal);
      },
    },
    onListening: () => feed.wakeAll(),
  });
}
