import type { UserId } from '../../../kernel/ids';
import type { Transaction } from '../../../kernel/transaction';
import type { Email } from './email';
import type { Credentials, User } from './user';

export interface UserRepository {
  /** @param tx where one is open: a second connection in its midst would let a full pool wait for itself */
  findById(id: UserId, tx?: Transaction): Promise<User | null>;
  findCredentialsByEmail(email: Email): Promise<Credentials | null>;
  findCredentialsById(id: UserId): Promise<Credentials | null>;
  /** Oldest first. */
  list(): Promise<User[]>;
  /** @throws EMAIL_TAKEN also when two insert the same address at once */
  insert(tx: Transaction, credentials: Credentials): Promise<void>;
  /**
   * The hash as it is now; it can't change and its user can't go before the transaction ends.
   * Null without such a user.
   */
  holdPasswordHash(tx: Transaction, id: UserId): Promise<string | null>;
  /** Compare-and-set: false when the hash is no longer `from`, or the user is gone. */
  replacePasswordHash(tx: Transaction, id: UserId, from: string, to: string): Promise<boolean>;
}
