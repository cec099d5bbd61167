import type { UserId } from '../../../kernel/ids';

export const PROVIDER = 'mercadolibre';

/** Whose credentials, and for where: what is sealed for one owner can't be opened as another's. */
export interface Owner {
  readonly userId: UserId;
  readonly provider: typeof PROVIDER;
}

/** Text under a data key of its own, and that key under the key encryption key which `keyId` names. */
export interface Sealed {
  readonly keyId: string;
  readonly wrappedKey: Buffer;
  readonly sealed: Buffer;
}

/** Encryption of one text for one owner. No network, no database. */
export interface Envelope {
  /** What new texts are sealed with. */
  readonly currentKeyId: string;
  seal(owner: Owner, text: string): Sealed;
  /** @throws CannotOpen */
  open(owner: Owner, sealed: Sealed): string;
  /** The same text under the same data key, which the current key wraps. @throws CannotOpen: only what opens is wrapped anew */
  rewrap(owner: Owner, sealed: Sealed): Sealed;
}

export type WhyNot =
  /** No key of that id was given to this process. */
  | 'unknown_key'
  /** A bit was changed, or the row was another owner's or had another key id when it was written. */
  | 'tampered';

export class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
  constructor(
    readonly reason: WhyNot,
    readonly keyId: string,
  ) {
    super(reason === 'unknown_key' ? `no key with the id ${keyId} is configured` : 'what is stored was changed');
  }
}
