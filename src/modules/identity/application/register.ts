import { AppError } from '../../../kernel/app-error';
import { newId, type UserId } from '../../../kernel/ids';
import { type Email, isOperatorEmail, requireEmail } from '../domain/email';
import { invalidField } from '../domain/invalid-field';
import { requireGoodPassword } from '../domain/password-policy';
import type { Device } from '../domain/session';
import type { User } from '../domain/user';
import type { AccountDeps } from './deps';
import { openSession, type Tokens, tokensOf } from './tokens';

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
}

export type Register = (registration: Registration, device: Device) => Promise<Tokens>;

/** Makes a seller's account and logs in. @throws FORBIDDEN, VALIDATION_FAILED, EMAIL_TAKEN */
export const register =
  (deps: AccountDeps & { readonly registrationEnabled: boolean }): Register =>
  async (registration, device) => {
    if (!deps.registrationEnabled) throw new AppError('FORBIDDEN', 'Registration is closed.');
    const email = registrableEmail(registration.email);
    await requireGoodPassword(deps.isCommonPassword, registration.password, email, 'password');
    const user: User = {
      id: newId<UserId>(),
      email,
      firstName: registration.firstName,
      lastName: registration.lastName,
      role: 'seller',
      createdAt: deps.clock(),
    };
    const passwordHash = await deps.hasher.hash(registration.password, device.ip);
    const grant = await deps.inTransaction(async (tx) => {
      await deps.users.insert(tx, { user, passwordHash });
      return openSession(deps, tx, user, device);
    });
    return tokensOf(deps, grant);
  };

function registrableEmail(text: string): Email {
  const email = requireEmail(text);
  if (isOperatorEmail(email)) throw invalidField('email', 'is reserved');
  return email;
}
