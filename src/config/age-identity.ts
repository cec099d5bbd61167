import { Decrypter } from 'age-encryption';

/**
 * With its checksum: one wrong letter is found before anything is encrypted for it, and by us. The library's own message quotes the
 * whole key, all of whose letters but one are right.
 */
export function isAgeIdentity(text: string): boolean {
  if (!/^AGE-SECRET-KEY-1[0-9A-Z]+$/.test(text)) return false;
  try {
    new Decrypter().addIdentity(text);
    return true;
  } catch {
    return false;
  }
}
