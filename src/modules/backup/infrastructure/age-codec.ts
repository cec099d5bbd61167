import { hkdfSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import type { Sha256 } from '../../../kernel/sha256';
import type { BlobName } from '../domain/backed-object';
import { BackupDamaged, NotAnIdentity, WrongBackupKey } from '../domain/backup-faults';
import type { Bytes, Codec } from '../domain/codec';

const AGE = 'age-encryption.org/';

const plainNames = (sha256: Sha256) => sha256 as unknown as BlobName;

/** Compressed, and readable by whoever reads the target. */
export const openCodec: Codec = {
  encryption: 'none',
  namingKey: null,
  pack: compress,
  unpack: (stored, what) => decompress(refusingSealed(stored), what),
  seal: (plain) => plain,
  unseal: refusingSealed,
  nameOf: plainNames,
  namingOf: ({ name, sha256 }) => (name === plainNames(sha256) ? plainNames : null),
};

/**
 * age v1: what it writes, `age --decrypt` reads too. The names of objects are keyed with a secret of their own that follows from the
 * identity: another identity has other names, and sends every object anew.
 * @param identity AGE-SECRET-KEY-1…: new files are for its recipient
 * @param former of earlier backups, to read them
 * @see https://age-encryption.org/v1; RFC 5869; RFC 2104
 */
export async function ageCodec(identity: string, former: readonly string[]): Promise<Codec> {
  const { encrypter, decrypter } = await keyed(identity, former).catch(() => {
    throw new NotAnIdentity(); // without its cause, which quotes the key
  });
  const namingKey = namingKeyOf(identity);
  const nameOf = namesKeyedWith(namingKey);
  const namings = [nameOf, ...former.map((each) => namesKeyedWith(namingKeyOf(each)))];
  const seal = async function* (plain: Bytes): Bytes {
    yield* await encrypter.encrypt(streamOf(plain));
  };
  const unseal = async function* (stored: Bytes, what: string): Bytes {
    try {
      yield* await decrypter.decrypt(streamOf(stored));
    } catch (error) {
      throw faultOf(error, what);
    }
  };
  return {
    encryption: 'age',
    namingKey,
    pack: (plain) => seal(compress(plain)),
    unpack: (stored, what) => decompress(unseal(stored, what), what),
    seal,
    unseal,
    nameOf,
    namingOf: ({ name, sha256 }) => namings.find((naming) => naming(sha256) === name) ?? null,
  };
}

async function keyed(identity: string, former: readonly string[]) {
  const [encrypter, decrypter] = [new Encrypter(), new Decrypter()];
  encrypter.addRecipient(await identityToRecipient(identity));
  for (const each of [identity, ...former]) decrypter.addIdentity(each);
  return { encrypter, decrypter };
}

function namingKeyOf(identity: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', identity, '', 'intellipost backup object names', 32));
}

const namesKeyedWith = (namingKey: Uint8Array) => (sha256: Sha256) =>
  new Bun.CryptoHasher('sha256', namingKey).update(Buffer.from(sha256, 'hex')).digest('hex') as unknown as BlobName;

/** It would only look damaged. */
async function* refusingSealed(stored: Bytes): Bytes {
  let isFirst = true;
  for await (const chunk of stored) {
    if (isFirst && Buffer.from(chunk).toString('latin1', 0, AGE.length) === AGE) throw new WrongBackupKey();
    isFirst = false;
    yield chunk;
  }
}

/** The library's own errors say what is wrong with a file; those of the store and of readers pass. */
function faultOf(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error.name !== 'Error') return error;
  if (error.message.startsWith('no identity matched')) return new WrongBackupKey();
  return new BackupDamaged(what, `cannot be decrypted: ${error.message}`);
}

async function* compress(plain: Bytes): Bytes {
  yield* through(plain, createZstdCompress());
}

async function* decompress(stored: Bytes, what: string): Bytes {
  try {
    yield* through(stored, createZstdDecompress());
  } catch (error) {
    const isOfZlib = error instanceof Error && 'code' in error && /^(ZSTD|Z)_|^ERR_/.test(String(error.code));
    throw isOfZlib ? new BackupDamaged(what, `cannot be decompressed: ${error.message}`) : error;
  }
}

/** What its source throws is thrown to its reader; a reader that goes away ends the source. */
async function* through(source: Bytes, transform: ReturnType<typeof createZstdCompress>): Bytes {
  const from = Readable.from(source, { objectMode: false });
  from.once('error', (error) => transform.destroy(error));
  try {
    yield* from.pipe(transform);
  } finally {
    from.destroy();
    transform.destroy();
  }
}

function streamOf(bytes: Bytes): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 1 },
  );
}
