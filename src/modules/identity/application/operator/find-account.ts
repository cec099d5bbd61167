import { AppError, isAppError } from '../../../../kernel/app-error';
import { isUuid, type UserId } from '../../../../kernel/ids';
import type { Role } from '../../../../kernel/principal';
import { type Email, operatorEmail, requireEmail } from '../../domain/email';
import type { User } from '../../domain/user';
import type { UserRepository } from '../../domain/user-repository';
import type { CreateUser } from './create-user';

/** A role stands for the one account of that role that operators share; it is made when first named. */
export type Account = { readonly userId: string } | { readonly email: string } | { readonly role: Role };

export interface FindAccountDeps {
  readonly users: UserRepository;
  readonly createUser: CreateUser;
}

export type FindAccount = (account: Account) => Promise<User>;

/** @throws NOT_FOUND, VALIDATION_FAILED; CONFLICT the shared account of that role has been given another role */
export const findAccount =
  (deps: FindAccountDeps): FindAccount =>
  async (account) => {
    if ('role' in account) return sharedAccount(deps, account.role);
    const found =
      'userId' in account ? await byId(deps, account.userId) : await byEmail(deps, requireEmail(account.email));
    if (!found) throw new AppError('NOT_FOUND', 'No such account.');
    return found;
  };

async function sharedAccount(deps: FindAccountDeps, role: Role): Promise<User> {
  const email = operatorEmail(role);
  const user = (await byEmail(deps, email)) ?? (await create(deps, role, email));
  if (user.role !== role) throw new AppError('CONFLICT', `${email} is a ${user.role}.`);
  return user;
}

async function create(deps: FindAccountDeps, role: Role, email: Email): Promise<User> {
  try {
    return (await deps.createUser({ role, email })).user;
  } catch (error) {
    const made = isAppError(error, 'EMAIL_TAKEN') ? await byEmail(deps, email) : null;
    if (!made) throw error;
    return made; // another shell was quicker
  }
}

async function byId(deps: FindAccountDeps, id: string): Promise<User | null> {
  return isUuid(id) ? deps.users.findById(id as UserId) : null;
}

async function byEmail(deps: FindAccountDeps, email: Email): Promise<User | null> {
  return (await deps.users.findCredentialsByEmail(email))?.user ?? null;
}
