import { AppError } from '../../../kernel/app-error';
import type { LoginAttempt, LoginFailures } from '../domain/login-failures';
import type { PasswordHasher } from '../domain/password-hasher';
import type { SessionRepository } from '../domain/session-repository';
import type { Credentials } from '../domain/user';

export interface ProofDeps {
  readonly hasher: Pick<PasswordHasher, 'verify'>;
  readonly failures: LoginFailures;
  readonly sessions: Pick<SessionRepository, 'usedFrom'>;
}

/**
 * Whether this is the account's password. After some failures an address waits before it may try the same email again, and longer
 * each time; but who has had a session of the account from there is let in by the right password always, so that nobody can keep
 * another out. Whether the account exists, and whether it is known there, changes neither the answer to a wrong password nor the
 * steps that lead to it.
 * @param found null where there is no such account
 * @throws RATE_LIMITED
 */
export async function provePassword(
  deps: ProofDeps,
  attempt: LoginAttempt,
  found: Credentials | null,
  password: string,
): Promise<boolean> {
  const isKnown = await deps.sessions.usedFrom(found?.user.id ?? null, attempt.ip);
  const waitSeconds = await deps.failures.begin(attempt);
  const mayPass = waitSeconds === 0 || isKnown;
  // verified against nothing where it may not pass: that takes as long
  const right = await verify(deps, attempt, waitSeconds, password, mayPass ? (found?.passwordHash ?? null) : null);
  if (right) {
    await deps.failures.forget(attempt);
    return true;
  }
  if (waitSeconds > 0) {
    throw new AppError('RATE_LIMITED', 'Too many attempts; see Retry-After.', { retryAfterSeconds: waitSeconds });
  }
  await deps.failures.confirm(attempt);
  return false;
}

async function verify(
  deps: ProofDeps,
  attempt: LoginAttempt,
  waitSeconds: number,
  password: string,
  hash: string | null,
): Promise<boolean> {
  try {
    return await deps.hasher.verify(password, hash, attempt.ip);
  } catch (error) {
    if (waitSeconds === 0) await deps.failures.withdraw(attempt);
    throw error;
  }
}
