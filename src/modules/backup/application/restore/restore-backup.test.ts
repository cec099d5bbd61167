import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../../../tests/support/log';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { openStagingArea } from '../../../../platform/staging/open-staging-area';
import type { StagingArea } from '../../../../platform/staging/staging-area';
import { type BackedObject, type BlobName, NO_DIGEST } from '../../domain/backed-object';
import { BackupDamaged } from '../../domain/backup-faults';
import type { Progress, RestoreEnd } from '../../domain/restore';
import { RestoreRefused } from '../../domain/restore-refused';
import type { OpenBackup } from '../read/open-backup';
import { restoreBackup } from './restore-backup';
import type { RestoreOptions } from './restore-request';

let parent: string;
let staging: StagingArea;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'restore-backup-'));
  staging = await openStagingArea(parent, silentLog);
});
afterEach(async () => {
  await staging.close();
  await rm(parent, { recursive: true, force: true });
});

const VERSION = 7;
const key = (name: string) => objectKey(`products/${name}.jpg`);

/** The bytes of an object are its key. */
function backed(of: ObjectKey): BackedObject {
  const sha256 = of.includes('undigested') ? NO_DIGEST : sha256OfBytes(of);
  return { name: sha256 as string as BlobName, sha256, sizeBytes: null, role: 'original', key: of };
}

interface Backed {
  readonly whole?: readonly ObjectKey[];
  readonly absent?: readonly ObjectKey[];
  readonly bucket?: string;
  readonly version?: number;
}

/** A backup without tables, and a store that has these bytes under these keys. */
function restoring({ whole = [], absent = [], bucket = 'images', version = VERSION }: Backed, there: object = {}) {
  const stored = new Map<ObjectKey, string>(Object.entries(there) as [ObjectKey, string][]);
  const steps: string[] = [];
  const ends: RestoreEnd[] = [];
  const step = (name: string) => async () => void steps.push(name);
  const database = {
    alone: async <Result>(work: (lost: AbortSignal) => Promise<Result>) => {
      steps.push('alone');
      return await work(new AbortController().signal);
    },
    find: async () => ({ is: 'empty' }) as const,
    begin: async ({ phase }: Progress) => void steps.push(phase),
    load: step('load'),
    migrateOn: step('migrate'),
    finish: async (_run: string, end: RestoreEnd) => void ends.push(end),
    abandon: async (_run: string, alsoGoes: () => Promise<void>) => {
      await alsoGoes();
      steps.push('abandon');
    },
  };
  const store = {
    bucket: 'images',
    head: async (of: ObjectKey) => (stored.has(of) ? { sha256: sha256OfBytes(stored.get(of) ?? '') } : null),
    put: async (of: ObjectKey, file: { path: string }) => void stored.set(of, await Bun.file(file.path).text()),
    async *list() {
      for (const of of stored.keys()) yield { key: of };
    },
    deleteMany: async (keys: readonly ObjectKey[]) => {
      for (const gone of keys) stored.delete(gone);
    },
  };
  const objects = [...whole, ...absent];
  const backup = {
    manifest: {
      backupId: 'this',
      bucket,
      version: 'x',
      schema: { lastMigration: version },
      snapshotAt: new Date(),
      tables: [],
      sequences: [],
      objects: { list: { lines: objects.length } },
    },
    async *objects() {
      yield* objects.map(backed);
    },
    async *absent() {
      yield* absent.map(backed);
    },
    open: async ({ key: of }: BackedObject) => {
      if (!whole.includes(of)) throw new BackupDamaged(of, 'is missing');
      return new Blob([of]).stream();
    },
  };
  const restore = restoreBackup({
    database: database as never,
    store: store as never,
    staging,
    typeOfKey: () => 'image/jpeg',
    lanes: 2,
    place: 'here',
    buckets: ['images', 'former'],
    schemaVersions: [6, VERSION],
  });
  const run = (options: RestoreOptions = {}) => restore(backup as unknown as OpenBackup, options);
  return { run, stored, steps, ends };
}

describe('a backup that this software can’t place', () => {
  test.each([
    ['a newer schema', { version: 8 }, 'whose schema this one does not know'],
    ['rows of another bucket', { bucket: 'elsewhere' }, 'add it to S3_FORMER_BUCKET_NAMES'],
  ])('is refused before anything is looked at: %s', async (_, wrong, says) => {
    const { run, steps } = restoring(wrong);
    const refused = run();
    await expect(refused).rejects.toBeInstanceOf(RestoreRefused);
    await expect(refused).rejects.toThrow(says);
    expect(steps).toEqual([]);
  });

  test('is none where its bucket is a former one, or its schema an earlier one', async () => {
    const { run, steps } = restoring({ version: 6, bucket: 'former' });
    await run();
    expect(steps).toEqual(['alone', 'begun', 'load', 'migrate']);
  });
});

describe('objects that were absent when the backup was made', () => {
  test('are lost, and no reason to refuse; all others have to be whole', async () => {
    const { run, ends } = restoring({ whole: [key('a')], absent: [key('b'), key('undigested')] });
    expect(await run()).toMatchObject({ objects: 1, lost: [key('b'), key('undigested')] });
    expect(ends[0]?.lost).toEqual([key('b'), key('undigested')]);
  });

  test('are not lost where they are in the bucket again', async () => {
    const absent = [key('b'), key('undigested')];
    const { run, ends } = restoring({ absent }, { [key('b')]: key('b'), [key('undigested')]: 'whatever it was' });
    expect(await run({ keepObjects: true })).toMatchObject({ present: 2, lost: [] });
    expect(ends[0]?.lost).toEqual([]);
  });

  test('are lost where the bucket has other bytes of them, and do not keep the rest away', async () => {
    const { run } = restoring({ whole: [key('a')], absent: [key('b')] }, { [key('b')]: 'other bytes' });
    expect(await run({ keepObjects: true })).toMatchObject({ objects: 1, lost: [key('b')] });
  });
});

test('one that is told to stop goes no further, and takes nothing back', async () => {
  const { run, stored, steps, ends } = restoring({ whole: [key('a')] });
  const stopping = new AbortController();
  const stopped = run({ signal: stopping.signal, onProgress: () => stopping.abort(new Error('the server stops')) });
  await expect(stopped).rejects.toThrow('the server stops');
  expect([...stored.keys()]).toEqual([key('a')]);
  expect([steps, ends]).toEqual([['alone', 'begun', 'load'], []]);
});
