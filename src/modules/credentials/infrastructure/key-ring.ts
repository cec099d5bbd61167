import { hkdfSync } from 'node:crypto';

/** A key that wraps data keys. Its id is derived from it, so that it can't be given a wrong one, and says nothing of it. */
export interface KeyEncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

export interface KeyRing {
  readonly current: KeyEncryptionKey;
  of(id: string): KeyEncryptionKey | null;
}

/** @param secrets the current one first, then those before it; 32 characters or more each */
export function keyRing(secrets: readonly string[]): KeyRing {
  const keys = secrets.map(keyEncryptionKey);
  const [current] = keys;
  if (!current) throw new Error('there is no key for the credentials of sellers');
  const byId = new Map(keys.map((key) => [key.id, key]));
  return { current, of: (id) => byId.get(id) ?? null };
}

/** RFC 5869: the key and its id come from the same secret, and neither tells of the other. */
function keyEncryptionKey(secret: string): KeyEncryptionKey {
  const derived = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, '', info, bytes));
  return {
    id: derived('intellipost credentials key id', 8).toString('hex'),
    key: derived('intellipost credentials key', 32),
  };
}
