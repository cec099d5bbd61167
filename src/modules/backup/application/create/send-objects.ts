import { inLanes } from '../../../../kernel/in-lanes';
import type { StagedFile } from '../../../../kernel/staged-file';
import { type BackedObject, objectOfLine } from '../../domain/backed-object';
import type { Bytes, Codec } from '../../domain/codec';
import type { OnProgress } from '../../domain/create-ports';
import { type BackupId, blobKey } from '../../domain/layout';
import type { SegmentedLines } from '../../domain/manifest';
import type { TargetStore } from '../../domain/target-store';
import { batchesOfLines, plainBytes } from '../read/segments';
import { BlobFinder } from '../target/blob-finder';
import { hasItsSize } from '../target/has-its-size';
import { type PutDeps, putBytes } from '../target/put-bytes';
import type { AbsentObjects } from './absent-objects';
import { ObjectUnreadable, openSource, patiently, type SourceDeps } from './open-source';

/** As many are looked at in one pass; what has more that are lost is gone through again. */
const KEYS_OF_A_BLOB = 1000;

export interface SendDeps extends SourceDeps, PutDeps {
  readonly target: Pick<TargetStore, 'put' | 'get' | 'list' | 'deleteMany'>;
  readonly codec: Codec;
  readonly lanes: number;
}

export interface Sending {
  readonly id: BackupId;
  readonly list: SegmentedLines;
  readonly absent: AbsentObjects;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface Sent {
  count: number;
  bytes: number;
  /** Distinct blobs that the target had. */
  present: number;
}

/** Sends what the list names and the target lacks. Done twice, the second time sees whether all that was there is there still. */
export async function sendObjects(deps: SendDeps, sending: Sending): Promise<Sent> {
  const sent: Sent = { count: 0, bytes: 0, present: 0 };
  const finder = new BlobFinder(deps.target);
  try {
    await inLanes(lacking(deps, sending, finder, sent), deps.lanes, async (sameBytes) => {
      for (const object of sameBytes) {
        sending.signal.throwIfAborted();
        const bytes = await sendObject(deps, sending, object);
        if (bytes !== null) {
          sent.count += 1;
          sent.bytes += bytes;
          return;
        }
        sending.absent.add(object);
      }
    });
  } finally {
    await finder.close();
  }
  return sent;
}

/** Each blob that the target lacks, by the keys that its bytes may be had from. */
async function* lacking(
  deps: SendDeps,
  { list, absent, signal, onProgress }: Sending,
  finder: BlobFinder,
  sent: Sent,
): AsyncGenerator<readonly BackedObject[]> {
  let last: string | null = null;
  let sameBytes: BackedObject[] = [];
  let done = 0;
  for await (const lines of batchesOfLines(plainBytes(deps, list))) {
    signal.throwIfAborted();
    for (const line of lines) {
      done += 1;
      if (done % 100 === 0) onProgress(done, list.lines, 'objects');
      // the same picture twice is one blob; of two keys either will do, and the other where the first is lost
      if (last !== null && line.startsWith(last)) {
        const other = sameBytes.length > 0 && sameBytes.length < KEYS_OF_A_BLOB ? objectOfLine(line) : null;
        if (other && !absent.has(other)) sameBytes.push(other);
        continue;
      }
      if (sameBytes.length > 0) yield sameBytes;
      sameBytes = [];
      const object = objectOfLine(line);
      if (absent.has(object)) continue;
      last = object.name;
      const blob = await finder.find(object.name);
      if (blob && hasItsSize(deps.codec, object, blob)) sent.present += 1;
      else {
        if (blob) await deps.target.deleteMany([blob.key]);
        sameBytes = [object];
      }
    }
  }
  if (sameBytes.length > 0) yield sameBytes;
}

/** @returns its bytes; null where it is missing, damaged or unreadable */
async function sendObject(deps: SendDeps, { id, signal }: Sending, object: BackedObject): Promise<number | null> {
  try {
    return await patiently(deps.source, async () => {
      const bytes = await openSource(deps, id, object.key);
      return bytes && (await sendBytes(deps, object, bytes, signal));
    });
  } catch (error) {
    if (error instanceof ObjectUnreadable || error instanceof ObjectDamaged) return null;
    throw error;
  }
}

async function sendBytes(deps: SendDeps, object: BackedObject, bytes: Bytes, signal: AbortSignal): Promise<number> {
  const key = blobKey(object.name);
  const { codec } = deps;
  const passed = new PassedBytes(bytes);
  // hashed as they are staged; sealed bytes have another digest than these
  const plain = codec.encryption === 'none' ? bytes : passed.hashed();
  const judge = (file: StagedFile) => {
    const sha256 = codec.encryption === 'none' ? file.sha256 : passed.sha256();
    if (sha256 !== object.sha256) throw new ObjectDamaged();
  };
  const file = await putOnce(() => putBytes(deps, key, codec.seal(plain), { signal, judge }));
  return codec.encryption === 'none' ? (file?.sizeBytes ?? 0) : passed.sizeBytes;
}

/** Two sealings of the same bytes differ: what is there already is as good. */
async function putOnce<Result>(put: () => Promise<Result>): Promise<Result | null> {
  try {
    return await put();
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectExists') return null;
    throw error;
  }
}

class PassedBytes {
  sizeBytes = 0;
  private readonly hasher = new Bun.CryptoHasher('sha256');

  constructor(private readonly bytes: Bytes) {}

  async *hashed(): Bytes {
    for await (const chunk of this.bytes) {
      this.hasher.update(chunk);
      this.sizeBytes += chunk.byteLength;
      yield chunk;
    }
  }

  sha256(): string {
    return this.hasher.digest('hex');
  }
}

/** Its bytes are not those of its row. */
class ObjectDamaged extends Error {
  override readonly name = 'ObjectDamaged';
}
