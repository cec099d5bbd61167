import { availableParallelism } from 'node:os';
import type { PasswordHasher } from '../domain/password-hasher';
import { hashingQueue } from './hashing-queue';
import { networkOf } from './network';

/** 19 MiB and two passes. @see OWASP Password Storage Cheat Sheet, argon2id */
const COST = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const;
const HASH_BYTES = 32;

/** At 19 MiB each: never more than 76 MiB. The longest wait is a few seconds. */
const LIMITS = { atOnce: Math.min(4, availableParallelism()), waiting: 128 };

export function argon2PasswordHasher(limits = LIMITS): PasswordHasher {
  const inTurn = hashingQueue(limits);
  const nobody = hashOfNoPassword();
  return {
    hash: (password, from) => inTurn(partyOf(from), () => Bun.password.hash(password.normalize('NFC'), COST)),
    verify: async (password, hash, from) => {
      if (password === '') return false; // Bun refuses to hash nothing
      const right = await inTurn(partyOf(from), () =>
        Bun.password.verify(password.normalize('NFC'), hash ?? nobody, 'argon2id'),
      );
      return right && hash !== null;
    },
  };
}

/** Those whose address is not known are one. */
function partyOf(from: string | null): string {
  return networkOf(from) ?? '';
}

/** Salt and hash at random, with the cost of a real one: no password is known for it, and to try one takes as long. */
function hashOfNoPassword(): string {
  const random = () => Buffer.from(crypto.getRandomValues(new Uint8Array(HASH_BYTES))).toString('base64');
  const [salt, hash] = [random(), random()].map((text) => text.replaceAll('=', ''));
  return `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=1$${salt}$${hash}`;
}
