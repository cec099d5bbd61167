import type { IsCommonPassword } from '../domain/common-passwords';
import { LEAST_PASSWORD_CHARACTERS } from '../domain/password-policy';

let listed: Promise<ReadonlySet<string>> | null = null;

/** Those of zxcvbn's list, which is of leaked passwords by how often they were found. Read when first asked. */
export const isListedPassword: IsCommonPassword = async (password) => {
  listed ??= longListedPasswords();
  return (await listed).has(password.normalize('NFC').trim().toLowerCase());
};

/** All but the few that are long enough to be allowed at all are let go. */
async function longListedPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((text) => [...text].length >= LEAST_PASSWORD_CHARACTERS));
}
