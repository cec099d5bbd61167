import { BackupDamaged, BackupLacks } from '../../domain/backup-faults';
import type { Bytes, Codec } from '../../domain/codec';
import type { Segment, SegmentedLines } from '../../domain/manifest';
import type { TargetStore } from '../../domain/target-store';

export interface ReadDeps {
  readonly target: Pick<TargetStore, 'get'>;
  readonly codec: Pick<Codec, 'unpack' | 'unseal'>;
}

/**
 * The plain bytes of all segments. What is wrong is known at the end of each: nothing that was read is to be kept before the last
 * byte was given out.
 * @throws BackupDamaged, WrongBackupKey, AppError STORAGE_UNAVAILABLE, while it is read
 */
export async function* plainBytes(deps: ReadDeps, { segments, sha256 }: SegmentedLines): AsyncGenerator<Uint8Array> {
  const whole = new Bun.CryptoHasher('sha256');
  for (const segment of segments) {
    for await (const chunk of bytesOfSegment(deps, segment)) {
      whole.update(chunk);
      yield chunk;
    }
  }
  if (whole.digest('hex') !== sha256)
    throw new BackupDamaged('a sequence of files', 'does not have the digest of the manifest');
}

/** One segment's plain bytes, compared with what the manifest says of them. */
export async function* bytesOfSegment(deps: ReadDeps, segment: Segment): AsyncGenerator<Uint8Array> {
  const hasher = new Bun.CryptoHasher('sha256');
  let bytes = 0;
  let lines = 0;
  for await (const chunk of deps.codec.unpack(await openStored(deps, segment.key), segment.key)) {
    hasher.update(chunk);
    bytes += chunk.byteLength;
    lines += lineFeedsIn(chunk);
    yield chunk;
  }
  if (hasher.digest('hex') !== segment.sha256)
    throw new BackupDamaged(segment.key, 'does not have the digest of the manifest');
  if (bytes !== segment.bytes || lines !== segment.lines)
    throw new BackupDamaged(segment.key, 'does not have the size of the manifest');
}

/** Lines without their line feeds, as many at a time as a chunk has: to wait for each of millions costs more than to read it. */
export async function* batchesOfLines(bytes: Bytes): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
}

/** Lines without their line feeds. */
export async function* linesOf(bytes: Bytes): AsyncGenerator<string> {
  for await (const lines of batchesOfLines(bytes)) yield* lines;
}

export function lineFeedsIn(chunk: Uint8Array): number {
  let found = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) found += 1;
  return found;
}

/** @throws BackupLacks where the manifest names what is not there */
export async function openStored({ target }: Pick<ReadDeps, 'target'>, key: Segment['key']): Promise<Bytes> {
  try {
    return await target.get(key);
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectMissing') throw new BackupLacks(key);
    throw error;
  }
}
