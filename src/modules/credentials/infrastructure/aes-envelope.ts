import { randomBytes } from 'node:crypto';
import { CannotOpen, type Envelope, type Owner, type Sealed } from '../domain/envelope';
import { decrypt, encrypt } from './aes-gcm';
import type { KeyEncryptionKey, KeyRing } from './key-ring';

const DATA_KEY_BYTES = 32;

/**
 * AES-256-GCM twice: the text under a data key that is used once, the data key under a key of the ring. Both are bound to their owner,
 * and the wrapping to the id of its key, so that a row which was moved to another seller or given another key id does not open.
 */
export function aesEnvelope(ring: KeyRing): Envelope {
  return {
    currentKeyId: ring.current.id,
    seal: (owner, text) => {
      const dataKey = randomBytes(DATA_KEY_BYTES);
      return { ...wrap(ring.current, owner, dataKey), sealed: encrypt(dataKey, Buffer.from(text), textOf(owner)) };
    },
    open: (owner, sealed) => openText(owner, sealed, unwrap(ring, owner, sealed)),
    rewrap: (owner, sealed) => {
      const dataKey = unwrap(ring, owner, sealed);
      openText(owner, sealed, dataKey);
      return { ...wrap(ring.current, owner, dataKey), sealed: sealed.sealed };
    },
  };
}

function wrap({ id, key }: KeyEncryptionKey, owner: Owner, dataKey: Buffer): Omit<Sealed, 'sealed'> {
  return { keyId: id, wrappedKey: encrypt(key, dataKey, keyOf(owner, id)) };
}

function unwrap(ring: KeyRing, owner: Owner, { keyId, wrappedKey }: Sealed): Buffer {
  const wrapping = ring.of(keyId);
  if (!wrapping) throw new CannotOpen('unknown_key', keyId);
  const dataKey = decrypt(wrapping.key, wrappedKey, keyOf(owner, keyId));
  if (!dataKey) throw new CannotOpen('tampered', keyId);
  return dataKey;
}

function openText(owner: Owner, { keyId, sealed }: Sealed, dataKey: Buffer): string {
  const text = decrypt(dataKey, sealed, textOf(owner));
  if (!text) throw new CannotOpen('tampered', keyId);
  return text.toString();
}

// No part of either can hold the separator: ids are UUIDs and hex digits, providers a fixed list.
const textOf = ({ userId, provider }: Owner) => `intellipost credentials 1|text|${provider}|${userId}`;
const keyOf = ({ userId, provider }: Owner, keyId: string) =>
  `intellipost credentials 1|key|${provider}|${userId}|${keyId}`;
