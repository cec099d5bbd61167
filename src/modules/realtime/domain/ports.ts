import type { ProductId, UserId } from '../../../kernel/ids';
import type { Principal, Seller } from '../../../kernel/principal';
import type { ProductEvent } from './event-message';
import type { KeptEvents } from './resume';

export interface EventsWanted {
  readonly userId: UserId;
  /** Those with a higher number. */
  readonly after: number;
}

/** The outbox. Both take many sellers in one round trip, and answer in the order in which they were asked. */
export interface EventLog {
  kept(sellers: readonly UserId[]): Promise<KeptEvents[]>;
  /** @param limit events of each; the lowest numbers, in their order */
  after(wanted: readonly EventsWanted[], limit: number): Promise<ProductEvent[][]>;
}

/** Asked by a seller: another's product is not found by the very query that does not find an unknown one. */
export interface OwnProducts {
  /** Also what is announced and not completed yet. */
  owns(seller: Seller, id: ProductId): Promise<boolean>;
}

/** How far an upload is, on its way from the instance that receives it. */
export interface ProgressSignal {
  readonly userId: UserId;
  readonly productId: ProductId;
  readonly uploadedImages: number;
  readonly totalImages: number;
  readonly progressPercent: number;
}

/** Somebody who may follow, and until when. */
export interface Admitted {
  readonly seller: Seller;
  readonly expiresAt: Date;
}

export interface Tickets {
  /** @returns 256 random bits, known to nobody else: only their hash is kept */
  issue(holder: Admitted, ttlSeconds: number): Promise<{ ticket: string; expiresAt: Date }>;
  /** The holder, once: a second use, an expired and an unknown one are null. */
  spend(ticket: string): Promise<{ principal: Principal; expiresAt: Date } | null>;
}

/** What identity says of access tokens and sessions. */
export interface Identities {
  /** Null for a token that is malformed, expired or not ours. */
  authenticate(token: string): Promise<Principal | null>;
  /** Of a token that `authenticate` has accepted. */
  expiryOf(token: string): Date;
  /** Makes a principal of what this server itself has written down of one. */
  restored(claims: Pick<Principal, 'userId' | 'role'> & { sessionId?: string }): Principal;
  /** Those that are not revoked and not gone. */
  liveSessions(ids: readonly string[]): Promise<ReadonlySet<string>>;
}
