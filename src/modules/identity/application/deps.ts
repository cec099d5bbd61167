import type { InTransaction } from '../../../kernel/transaction';
import type { IsCommonPassword } from '../domain/common-passwords';
import type { LoginFailures } from '../domain/login-failures';
import type { PasswordHasher } from '../domain/password-hasher';
import type { UserRepository } from '../domain/user-repository';
import type { TokenDeps } from './tokens';

/** What the use cases that prove who somebody is are given, once. */
export interface AccountDeps extends TokenDeps {
  readonly users: UserRepository;
  readonly hasher: PasswordHasher;
  readonly failures: LoginFailures;
  readonly isCommonPassword: IsCommonPassword;
  readonly inTransaction: InTransaction;
}
