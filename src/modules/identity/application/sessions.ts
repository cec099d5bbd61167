import { AppError } from '../../../kernel/app-error';
import type { Clock } from '../../../kernel/clock';
import type { Principal } from '../../../kernel/principal';
import type { InTransaction } from '../../../kernel/transaction';
import { MOST_SESSIONS, type Session, type SessionId } from '../domain/session';
import type { SessionRepository } from '../domain/session-repository';

export interface SessionsDeps {
  readonly sessions: SessionRepository;
  readonly inTransaction: InTransaction;
  readonly clock: Clock;
}

export type OwnSession = Session & { readonly current: boolean };
export type ListSessions = (principal: Principal) => Promise<OwnSession[]>;
export type RevokeSession = (principal: Principal, sessionId: string) => Promise<void>;

/** One's own sessions that can still be refreshed, last used first. */
export const listSessions =
  (deps: SessionsDeps): ListSessions =>
  async (principal) => {
    const active = await deps.sessions.listActive(principal.userId, deps.clock(), MOST_SESSIONS);
    return active.map((session) => ({ ...session, current: session.id === principal.sessionId }));
  };

/** @throws NOT_FOUND alike for an unknown session, another's, and one that is revoked already */
export const revokeSession =
  (deps: SessionsDeps): RevokeSession =>
  async (principal, sessionId) => {
    const revoked = await deps.inTransaction((tx) =>
      deps.sessions.revokeOwn(tx, principal.userId, sessionId as SessionId, deps.clock()),
    );
    if (!revoked) throw new AppError('NOT_FOUND', 'No such session of yours.');
  };
