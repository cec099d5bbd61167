import type { ObjectKey } from '../../../kernel/object-key';

/** The key is not in the message: messages may be logged or wrapped. */
export class ObjectExists extends Error {
  override readonly name = 'ObjectExists';
  constructor(readonly key: ObjectKey) {
    super('the key holds other bytes');
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
