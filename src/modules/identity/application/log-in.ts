import { AppError } from '../../../kernel/app-error';
import { parseEmail } from '../domain/email';
import type { Device } from '../domain/session';
import type { Credentials } from '../domain/user';
import type { AccountDeps } from './deps';
import { provePassword } from './prove-password';
import { type Grant, openSession, type Tokens, tokensOf } from './tokens';

export type LogIn = (claimed: { email: string; password: string }, device: Device) => Promise<Tokens>;

/** @throws UNAUTHENTICATED, RATE_LIMITED alike, in words and in time, for an unknown email and a wrong password */
export const logIn =
  (deps: AccountDeps): LogIn =>
  async (claimed, device) => {
    const email = parseEmail(claimed.email);
    const found = email && (await deps.users.findCredentialsByEmail(email));
    // what is no address is counted as it came
    const attempt = { email: email ?? claimed.email.trim().toLowerCase(), ip: device.ip };
    const right = await provePassword(deps, attempt, found, claimed.password);
    const grant = found && right ? await openUnlessChanged(deps, found, device) : null;
    if (!grant) throw new AppError('UNAUTHENTICATED', 'The email or the password is wrong.');
    return tokensOf(deps, grant);
  };

/** A password that was changed while it was verified opens no session: the change would have revoked it. */
function openUnlessChanged(deps: AccountDeps, verified: Credentials, device: Device): Promise<Grant | null> {
  return deps.inTransaction(async (tx) => {
    const current = await deps.users.holdPasswordHash(tx, verified.user.id);
    return current === verified.passwordHash ? openSession(deps, tx, verified.user, device) : null;
  });
}
