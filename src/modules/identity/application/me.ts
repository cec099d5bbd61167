import { AppError } from '../../../kernel/app-error';
import type { Principal } from '../../../kernel/principal';
import type { User } from '../domain/user';
import type { UserRepository } from '../domain/user-repository';

export type Me = (principal: Principal) => Promise<User>;

/** @throws UNAUTHENTICATED when the account is gone: its access tokens outlive it by minutes */
export const me =
  (deps: { readonly users: UserRepository }): Me =>
  async (principal) => {
    const user = await deps.users.findById(principal.userId);
    if (!user) throw new AppError('UNAUTHENTICATED');
    return user;
  };
