import type { ObjectKey } from '../../../kernel/object-key';

/** The key is not in the message: messages may be logged or wrapped. */
export class ObjectExists extends Error {
  override readonly name = 'ObjectExists';
  constructor(readonly key: ObjectKey) {
    super('the key is taken');
  }
}

export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
  constructor(readonly key: ObjectKey) {
    super('there is no such object');
  }
}

export class ChecksumMismatch extends Error {
  override readonly name = 'ChecksumMismatch';
  constructor(readonly key: ObjectKey) {
    super('the bytes do not have the sha-256 that was declared');
  }
}

/** The range begins behind the last byte. @see RFC 9110, 15.5.17 */
export class RangeNotSatisfiable extends Error {
  override readonly name = 'RangeNotSatisfiable';
  constructor(readonly key: ObjectKey) {
    super('the range begins behind the last byte');
  }
}

/** The medium does not give the bytes back: the cause of a STORAGE_UNAVAILABLE that is of these bytes, and of no outage. */
export class BrokenBytes extends Error {
  override readonly name = 'BrokenBytes';
  constructor(cause: unknown) {
    super('the medium does not give the bytes back', { cause });
  }
}

/**
 * This store cannot hold the key: a part is longer than 255 bytes, or the key runs through another object
 * (`a` and `a/b` side by side). Stores that keep objects as files refuse both; the key layout makes neither.
 */
export class KeyNotUsable extends Error {
  override readonly name = 'KeyNotUsable';
  constructor(
    readonly key: ObjectKey,
    why: string,
  ) {
    super(`the store cannot hold this key: ${why}`);
  }
}
