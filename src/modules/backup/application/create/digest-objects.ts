import { inLanes } from '../../../../kernel/in-lanes';
import { type Sha256, sha256FromHex } from '../../../../kernel/sha256';
import type { BackedObject, BlobName } from '../../domain/backed-object';
import { lineOfObject, NO_DIGEST } from '../../domain/backed-object';
import type { Codec } from '../../domain/codec';
import type { BackupId } from '../../domain/layout';
import type { SnapshotSource, UndigestedObject } from '../../domain/snapshot';
import type { AbsentObjects } from './absent-objects';
import type { LinesWriter } from './lines-writer';
import { ObjectUnreadable, openSource, patiently, type SourceDeps } from './open-source';

export interface DigestDeps extends SourceDeps {
  readonly codec: Pick<Codec, 'nameOf'>;
  readonly snapshots: Pick<SnapshotSource, 'learnDigests'>;
  readonly lanes: number;
}

const BATCH = 10_000;

/**
 * Finds out the digests of objects whose rows tell none, and adds them to the list: a sorted batch at a time, each a segment of its own.
 * They are written down for the next backup, which then has no such objects but new ones.
 * @returns with which segments of the list names begin anew
 */
export async function digestObjects(
  deps: DigestDeps,
  id: BackupId,
  objects: AsyncIterable<UndigestedObject>,
  { list, absent, signal }: { list: LinesWriter; absent: AbsentObjects; signal: AbortSignal },
): Promise<number[]> {
  const runs: number[] = [];
  let batch: UndigestedObject[] = [];
  const end = async () => {
    const lines = await digestBatch(deps, id, batch, absent, signal);
    batch = [];
    runs.push(list.segmentCount);
    await list.append(lines);
  };
  for await (const object of objects) {
    batch.push(object);
    if (batch.length === BATCH) await end();
  }
  if (batch.length > 0) await end();
  return runs;
}

async function digestBatch(
  deps: DigestDeps,
  id: BackupId,
  batch: readonly UndigestedObject[],
  absent: AbsentObjects,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const found: BackedObject[] = [];
  const learnt: { url: string; sha256: Sha256 }[] = [];
  await inLanes(each(batch), deps.lanes, async ({ url, key, role }) => {
    signal.throwIfAborted();
    const sha256 = await digestOf(deps, id, key);
    if (sha256) learnt.push({ url, sha256 });
    const known = sha256 ?? NO_DIGEST;
    const name: BlobName = deps.codec.nameOf(known);
    const object: BackedObject = { name, sha256: known, sizeBytes: null, role, key };
    found.push(object);
    if (!sha256) absent.add(object);
  });
  await deps.snapshots.learnDigests(learnt);
  const text = found
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(lineOfObject)
    .join('');
  return each([new TextEncoder().encode(text)]);
}

/** What a store has verified at the put and kept is cheap; else the bytes are read. */
async function digestOf(deps: DigestDeps, id: BackupId, key: UndigestedObject['key']): Promise<Sha256 | null> {
  const promised = (await deps.source.head(key))?.sha256;
  if (promised) return promised;
  try {
    return await patiently(deps.source, async () => {
      const bytes = await openSource(deps, id, key);
      if (!bytes) return null;
      const hasher = new Bun.CryptoHasher('sha256');
      for await (const chunk of bytes) hasher.update(chunk);
      return sha256FromHex(hasher.digest('hex'));
    });
  } catch (error) {
    if (error instanceof ObjectUnreadable) return null;
    throw error;
  }
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
