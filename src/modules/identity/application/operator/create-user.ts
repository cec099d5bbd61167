import type { Clock } from '../../../../kernel/clock';
import { newId, type UserId } from '../../../../kernel/ids';
import type { Role } from '../../../../kernel/principal';
import type { InTransaction } from '../../../../kernel/transaction';
import type { IsCommonPassword } from '../../domain/common-passwords';
import { operatorEmail, requireEmail } from '../../domain/email';
import type { PasswordHasher } from '../../domain/password-hasher';
import { madeUpPassword, requireGoodPassword } from '../../domain/password-policy';
import type { User } from '../../domain/user';
import type { UserRepository } from '../../domain/user-repository';

export interface OperatorDeps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly isCommonPassword: IsCommonPassword;
  readonly inTransaction: InTransaction;
  readonly clock: Clock;
}

export interface NewUser {
  readonly role: Role;
  /** Absent: one is made up. */
  readonly email?: string | undefined;
  /** Absent: one is made up. */
  readonly password?: string | undefined;
}

export type CreateUser = (wanted: NewUser) => Promise<{ user: User; password: string }>;

/** Makes an account of any role, also where registration is closed. @throws VALIDATION_FAILED, EMAIL_TAKEN */
export const createUser =
  (deps: OperatorDeps): CreateUser =>
  async (wanted) => {
    const id = newId<UserId>();
    const email =
      wanted.email === undefined ? operatorEmail(`${wanted.role}-${id.slice(-12)}`) : requireEmail(wanted.email);
    const password = wanted.password ?? madeUpPassword();
    await requireGoodPassword(deps.isCommonPassword, password, email, 'password');
    const user: User = { id, email, firstName: null, lastName: null, role: wanted.role, createdAt: deps.clock() };
    const passwordHash = await deps.hasher.hash(password, null);
    await deps.inTransaction((tx) => deps.users.insert(tx, { user, passwordHash }));
    return { user, password };
  };
