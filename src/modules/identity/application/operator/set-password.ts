import { AppError } from '../../../../kernel/app-error';
import { madeUpPassword, requireGoodPassword } from '../../domain/password-policy';
import type { SessionRepository } from '../../domain/session-repository';
import type { OperatorDeps } from './create-user';
import type { Account, FindAccount } from './find-account';

export interface SetPasswordDeps extends OperatorDeps {
  readonly sessions: SessionRepository;
  readonly findAccount: FindAccount;
}

export type SetPassword = (account: Account, password?: string) => Promise<{ password: string }>;

/**
 * For who has forgotten it. Every session of the account is revoked.
 * @param password absent: one is made up
 * @throws VALIDATION_FAILED, CONFLICT the password was changed meanwhile, and what FindAccount throws
 */
export const setPassword =
  (deps: SetPasswordDeps): SetPassword =>
  async (account, password = madeUpPassword()) => {
    const { id, email } = await deps.findAccount(account);
    await requireGoodPassword(deps.isCommonPassword, password, email, 'password');
    const hash = await deps.hasher.hash(password, null);
    await deps.inTransaction(async (tx) => {
      const before = await deps.users.holdPasswordHash(tx, id);
      if (before === null) throw new AppError('NOT_FOUND', 'No such account.');
      await deps.users.replacePasswordHash(tx, id, before, hash);
      await deps.sessions.revokeAll(tx, id, null, deps.clock());
    });
    return { password };
  };
