import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../../kernel/app-error';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { type Sha256, sha256OfBytes } from '../../../../kernel/sha256';
import type { BackedObject, BlobName } from '../../domain/backed-object';
import { lineOfObject } from '../../domain/backed-object';
import type { BackupId } from '../../domain/layout';
import type { AbsentObjects } from './absent-objects';
import { digestObjects } from './digest-objects';
import type { LinesWriter } from './lines-writer';

const ID = '20261128T120000Z-00000000' as BackupId;
const WITH_DIGEST = objectKey('products/with-digest.jpg');
const WITHOUT = objectKey('products/without.jpg');
const GONE = objectKey('products/gone.jpg');
const PROMISED = sha256OfBytes('what the store promised');

function digesting(get: (key: ObjectKey) => Promise<ReadableStream<Uint8Array>>) {
  const learnt: { url: string; sha256: Sha256 }[] = [];
  const absent: BackedObject[] = [];
  const lines: string[] = [];
  const objects = [WITH_DIGEST, WITHOUT, GONE].map((key) => ({ url: `s3://b/${key}`, key, role: 'original' as const }));
  const list = {
    segmentCount: 4,
    append: async (segment: AsyncIterable<Uint8Array>) =>
      void lines.push(Buffer.concat(await Array.fromAsync(segment)).toString()),
  };
  const runs = digestObjects(
    {
      source: {
        bucket: 'b',
        get,
        head: async (key) => (key === GONE ? null : { sha256: key === WITH_DIGEST ? PROMISED : null }),
        check: async () => undefined,
      },
      pins: { heldKey: (_id, key) => objectKey(`held/${key}`) },
      codec: { nameOf: (sha256) => `${sha256}.zst` as unknown as BlobName },
      snapshots: { learnDigests: async (all) => void learnt.push(...all) },
      lanes: 2,
    },
    ID,
    (async function* () {
      yield* objects;
    })(),
    {
      list: list as unknown as LinesWriter,
      absent: { add: (object: BackedObject) => void absent.push(object) } as unknown as AbsentObjects,
      signal: new AbortController().signal,
    },
  );
  return { runs, learnt, absent, lines };
}

const line = (key: ObjectKey, sha256: Sha256) =>
  lineOfObject({ name: `${sha256}.zst` as unknown as BlobName, sha256, sizeBytes: null, role: 'original', key });

describe('objects whose rows tell no digest', () => {
  test('get the one that the store has verified, else that of their bytes, and are listed by name', async () => {
    const { runs, learnt, absent, lines } = digesting(async (key) => {
      if (key === WITHOUT) return new Blob(['photo']).stream();
      throw Object.assign(new Error('missing'), { name: 'ObjectMissing' });
    });
    expect(await runs).toEqual([4]);
    const read = sha256OfBytes('photo');
    expect(new Set(learnt.map(({ sha256 }) => sha256))).toEqual(new Set([PROMISED, read]));
    expect(absent.map(({ key }) => key)).toEqual([GONE]);
    const nothing = '0'.repeat(64) as Sha256;
    expect(lines).toEqual([
      [...[line(WITH_DIGEST, PROMISED), line(WITHOUT, read), line(GONE, nothing)].sort()].join(''),
    ]);
  });

  test('are absent where a store that works does not give them out', async () => {
    const { runs, absent, learnt } = digesting(async () => {
      throw new AppError('STORAGE_UNAVAILABLE', 'it does not answer');
    });
    await runs;
    expect(absent.map(({ key }) => key).sort()).toEqual([GONE, WITHOUT].sort());
    expect(learnt).toEqual([{ url: `s3://b/${WITH_DIGEST}`, sha256: PROMISED }]);
  });
});
