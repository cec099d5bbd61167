import type { UserId } from '../../../kernel/ids';
import type { Role } from '../../../kernel/principal';
import type { Email } from './email';

/** An account without what proves it. */
export interface User {
  readonly id: UserId;
  readonly email: Email;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly role: Role;
  readonly createdAt: Date;
}

export interface Credentials {
  readonly user: User;
  /** As PasswordHasher made it. */
  readonly passwordHash: string;
}
