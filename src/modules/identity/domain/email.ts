import type { Branded } from '../../../kernel/ids';
import { invalidField } from './invalid-field';

/** Lower case, ASCII, at most 254 characters: two of them name the same account exactly when they are equal. */
export type Email = Branded<'Email'>;

const LONGEST = 254; // RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets
const LONGEST_LOCAL_PART = 64; // RFC 5321, 4.5.3.1.1
const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${LABEL}$`);

/** `.invalid` never resolves (RFC 2606), so nobody can prove that such an address is theirs. */
const OPERATOR_DOMAIN = '@operator.invalid';

/** Null for what is no address, so that a login with it fails like one with an unknown address. */
export function parseEmail(text: string): Email | null {
  const email = text.trim().toLowerCase();
  const usable = email.length <= LONGEST && ADDRESS.test(email) && email.indexOf('@') <= LONGEST_LOCAL_PART;
  return usable ? (email as Email) : null;
}

/** @throws VALIDATION_FAILED */
export function requireEmail(text: string): Email {
  const email = parseEmail(text);
  if (!email) throw invalidField('email', 'must be an email address of at most 254 characters');
  return email;
}

/** An address for an account that an operator makes without naming one. */
export function operatorEmail(name: string): Email {
  return requireEmail(`${name}${OPERATOR_DOMAIN}`);
}

/** Refused at registration: who registered one would be taken for an operator's account. */
export function isOperatorEmail(email: Email): boolean {
  return email.endsWith(OPERATOR_DOMAIN);
}
