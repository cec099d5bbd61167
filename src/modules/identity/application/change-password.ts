import { AppError } from '../../../kernel/app-error';
import type { Principal } from '../../../kernel/principal';
import type { Transaction } from '../../../kernel/transaction';
import { requireGoodPassword } from '../domain/password-policy';
import type { Device, SessionId } from '../domain/session';
import type { User } from '../domain/user';
import type { AccountDeps } from './deps';
import { provePassword } from './prove-password';
import { type Grant, grantInSession, openSession, type Tokens, tokensOf } from './tokens';

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

export type ChangePassword = (principal: Principal, change: PasswordChange, device: Device) => Promise<Tokens>;

/**
 * Sets the new password, revokes every other session and renews this one: its old refresh token is spent too.
 * @throws FORBIDDEN the current password is wrong: not 401, which clients answer with a refresh; CONFLICT it was changed
 *   meanwhile; VALIDATION_FAILED; UNAUTHENTICATED the account is gone; RATE_LIMITED as for a login: a stolen token guesses no more
 */
export const changePassword =
  (deps: AccountDeps): ChangePassword =>
  async (principal, change, device) => {
    const found = await deps.users.findCredentialsById(principal.userId);
    if (!found) throw new AppError('UNAUTHENTICATED');
    await requireGoodPassword(deps.isCommonPassword, change.newPassword, found.user.email, 'new_password');
    const attempt = { email: found.user.email, ip: device.ip };
    if (!(await provePassword(deps, attempt, found, change.currentPassword))) {
      throw new AppError('FORBIDDEN', 'The current password is wrong.');
    }
    const newHash = await deps.hasher.hash(change.newPassword, device.ip);
    const grant = await deps.inTransaction(async (tx) => {
      const changed = await deps.users.replacePasswordHash(tx, found.user.id, found.passwordHash, newHash);
      if (!changed) throw new AppError('CONFLICT', 'The password was changed meanwhile.');
      return keepOnlyThisSession(deps, tx, found.user, principal, device);
    });
    return tokensOf(deps, grant);
  };

async function keepOnlyThisSession(
  deps: AccountDeps,
  tx: Transaction,
  user: User,
  principal: Principal,
  device: Device,
): Promise<Grant> {
  const now = deps.clock();
  const current = (principal.sessionId as SessionId | undefined) ?? null;
  await deps.sessions.revokeAll(tx, user.id, current, now);
  const alive = current !== null && (await deps.sessions.use(tx, current, device, now));
  return alive ? grantInSession(deps, tx, user, current) : openSession(deps, tx, user, device);
}
