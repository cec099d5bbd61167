import type { ObjectKey } from '../../../kernel/object-key';
import type { Sha256 } from '../../../kernel/sha256';
import type { RunId } from './maintenance-run';

const QUARANTINE = 'quarantine/';

/**
 * moving: on its way there. held: only there. releasing: on its way back. released: back, and a copy there still. expiring: being deleted.
 */
export type QuarantineState = 'moving' | 'held' | 'releasing' | 'released' | 'expiring';

export interface QuarantinedObject {
  readonly key: ObjectKey;
  /** `quarantine/{run}/{key}` */
  readonly quarantineKey: ObjectKey;
  readonly sizeBytes: number;
  /** Null where the store keeps none. */
  readonly sha256: Sha256 | null;
  readonly state: QuarantineState;
  readonly reason: string;
  /** Since when it has been held, or is back. */
  readonly quarantinedAt: Date;
}

/** One that has no state yet: it is to be written down. */
export type NewlyQuarantined = Omit<QuarantinedObject, 'state' | 'quarantinedAt'>;

/** The journal of quarantine: each step is written down before it is taken. */
export interface QuarantineJournal {
  /** @returns false where the key is in it already */
  begin(object: NewlyQuarantined): Promise<boolean>;
  byKey(key: ObjectKey): Promise<QuarantinedObject | null>;
  /** Compare-and-set. @returns false where it was not in `from` */
  turn(key: ObjectKey, from: QuarantineState, to: QuarantineState): Promise<boolean>;
  forget(key: ObjectKey, from: QuarantineState): Promise<void>;
  /** Writes an object down that lies there already, as held from now on. @returns false where its key is in it already */
  adopt(object: NewlyQuarantined): Promise<boolean>;
  /** All, in the order of the bytes of their keys in quarantine, page by page. */
  pagesInQuarantine(): AsyncIterable<readonly { readonly key: ObjectKey; readonly object: QuarantinedObject }[]>;
  /** In order of keys. */
  page(
    states: readonly QuarantineState[],
    after: ObjectKey | null,
    limit: number,
  ): Promise<readonly QuarantinedObject[]>;
  /** Those held for longer, and those that are expiring already, in order of keys. */
  expired(ttlSeconds: number, after: ObjectKey | null, limit: number): Promise<readonly QuarantinedObject[]>;
  /** Of these: held → expiring. */
  claim(keys: readonly ObjectKey[]): Promise<void>;
  /** Which of these were released so long ago. */
  releasedFor(seconds: number, keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>>;
}

export function quarantineKeyOf(run: RunId, key: ObjectKey): string {
  return `${QUARANTINE}${run}/${key}`;
}

const IN_QUARANTINE = new RegExp(`^${QUARANTINE}\\d+/(products/.+)$`);

/** Where an object in quarantine has come from; null for one that this software has not put there. */
export function originOf(quarantineKey: ObjectKey): ObjectKey | null {
  return (IN_QUARANTINE.exec(quarantineKey)?.[1] ?? null) as ObjectKey | null;
}

/** It stays in quarantine; the message says why. */
export class ReleaseRefused extends Error {
  override readonly name = 'ReleaseRefused';
  constructor(
    readonly key: ObjectKey,
    readonly why: string,
  ) {
    super(why);
  }
}
