import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../../../tests/support/log';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { type Sha256, sha256OfBytes } from '../../../../kernel/sha256';
import { openStagingArea } from '../../../../platform/staging/open-staging-area';
import type { StagingArea } from '../../../../platform/staging/staging-area';
import { type BackedObject, type BlobName, NO_DIGEST } from '../../domain/backed-object';
import { BackupDamaged, BackupLacks } from '../../domain/backup-faults';
import type { LivingObject } from '../../domain/restore';
import type { OpenBackup } from '../read/open-backup';
import { type RestoreObjectsOptions, restoreObjects } from './restore-objects';

let parent: string;
let staging: StagingArea;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'restore-objects-'));
  staging = await openStagingArea(parent, silentLog);
});
afterEach(async () => {
  await staging.close();
  await rm(parent, { recursive: true, force: true });
});

/** The bytes of an object are its name. */
const digestOf = (name: string) => (name.includes('unread') ? NO_DIGEST : sha256OfBytes(name));
const blobOf = (sha256: Sha256) => `keyed-${sha256}` as unknown as BlobName;
const key = (name: string, version = '') => objectKey(`products/${name}${version}.jpg`);
const living = (name: string, version = ''): LivingObject => ({
  key: key(name, version),
  sha256: digestOf(name),
  sizeBytes: name.length,
  role: 'original',
});
const undigested = (name: string): LivingObject => ({ ...living(name), sha256: null, role: 'processed' });
const backed = (name: string): BackedObject => ({
  ...living(name),
  sha256: digestOf(name),
  name: blobOf(digestOf(name)),
});

interface Situation {
  rows: readonly LivingObject[];
  /** Names whose bytes are in the target. */
  blobs: readonly string[];
  /** Names that the backup lists, and had not when it was made. */
  absent?: readonly string[];
  bucket?: Record<string, string>;
  damaged?: string;
}

function restoring({ rows, blobs, absent = [], bucket = {}, damaged }: Situation, options: RestoreObjectsOptions = {}) {
  const stored = new Map<ObjectKey, string>(Object.entries(bucket) as [ObjectKey, string][]);
  const store = {
    // a store that keeps no digests: the bytes are read
    head: async (at: ObjectKey) => (stored.has(at) ? { sha256: null as Sha256 | null } : null),
    get: async (at: ObjectKey) => new Blob([stored.get(at) ?? '']).stream(),
    put: async (at: ObjectKey, file: { path: string }) => {
      if (stored.has(at)) throw Object.assign(new Error('taken'), { name: 'ObjectExists' });
      stored.set(at, await Bun.file(file.path).text());
    },
    deleteMany: async (gone: readonly ObjectKey[]) => {
      for (const at of gone) stored.delete(at);
    },
  };
  const backup = {
    naming: async () => blobOf,
    async *objects() {
      yield* [...blobs, ...absent].map(backed);
    },
    open: async ({ name, key: at }: BackedObject) => {
      const found = blobs.find((each) => blobOf(digestOf(each)) === name);
      if (found === undefined) throw new BackupLacks(at);
      if (found === damaged) throw new BackupDamaged(at, 'does not have its sha-256');
      return new Blob([found]).stream();
    },
  };
  const restore = restoreObjects({
    store: store as never,
    staging,
    typeOfKey: () => 'image/jpeg',
    lanes: 4,
    living: {
      count: async () => rows.length,
      async *objects() {
        yield* rows;
      },
    },
  });
  return { restored: restore(backup as unknown as OpenBackup, options), stored };
}

describe('objects that the bucket has lost', () => {
  test('are put back where a row names them, and the target has them whole', async () => {
    const { restored, stored } = restoring({
      rows: [living('lost'), living('there'), living('damaged'), living('new')],
      blobs: ['lost', 'there', 'damaged', 'deleted'],
      bucket: { [key('there')]: 'there' },
      damaged: 'damaged',
    });
    expect(await restored).toEqual({
      put: 1,
      bytes: 4,
      present: 1,
      replaced: 0,
      missing: 1,
      lost: [key('damaged')],
      taken: [],
    });
    expect([...stored.keys()].sort()).toEqual([key('lost'), key('there')].sort());
    expect(stored.get(key('lost'))).toBe('lost');
  });

  test('are put under the keys that rows name now, whatever key the backup knew', async () => {
    const { restored, stored } = restoring({ rows: [living('lost', '-renewed')], blobs: ['lost'] });
    expect(await restored).toMatchObject({ put: 1, missing: 0 });
    expect([...stored]).toEqual([[key('lost', '-renewed'), 'lost']]);
  });

  test('whose rows tell no digest are looked for in the backup’s list by their keys', async () => {
    const { restored, stored } = restoring({ rows: [undigested('known'), undigested('unknown')], blobs: ['known'] });
    expect(await restored).toMatchObject({ put: 1, missing: 1, lost: [] });
    expect([...stored.keys()]).toEqual([key('known')]);
  });

  test('that no backup has ever read are as good as what is there, and missing where nothing is', async () => {
    const { restored } = restoring({
      rows: ['unread-again', 'unread-gone', 'unlisted-again', 'unlisted-gone'].map(undigested),
      blobs: [],
      absent: ['unread-again', 'unread-gone'],
      bucket: { [key('unread-again')]: 'came back by itself', [key('unlisted-again')]: 'so did this' },
    });
    expect(await restored).toMatchObject({ put: 0, present: 2, missing: 2, taken: [], lost: [] });
  });

  test('replace no other bytes: the keys that hold some are named', async () => {
    const { restored, stored } = restoring({
      rows: [living('taken'), living('lost')],
      blobs: ['taken', 'lost'],
      bucket: { [key('taken')]: 'another photo' },
    });
    expect(await restored).toMatchObject({ put: 1, replaced: 0, taken: [key('taken')], lost: [] });
    expect(stored.get(key('taken'))).toBe('another photo');
    expect(stored.get(key('lost'))).toBe('lost');
  });

  test('replace other bytes where that was said, and the target has the right ones whole', async () => {
    const [rotten, alone] = [key('rotten'), key('alone')];
    const { restored, stored } = restoring(
      {
        rows: [living('taken', '-renewed'), living('rotten'), living('alone')],
        blobs: ['taken', 'rotten'],
        bucket: { [key('taken', '-renewed')]: 'another photo', [rotten]: 'all that there is', [alone]: 'this as well' },
        damaged: 'rotten',
      },
      { replaceDamaged: true },
    );
    expect(await restored).toMatchObject({ put: 1, replaced: 1, taken: [], lost: [rotten], missing: 1 });
    expect(stored.get(key('taken', '-renewed'))).toBe('taken');
    expect([stored.get(rotten), stored.get(alone)]).toEqual(['all that there is', 'this as well']);
  });

  test('are told one by one, of all that rows name', async () => {
    const told: (readonly (number | null)[])[] = [];
    const rows = [living('lost'), undigested('unknown')];
    await restoring({ rows, blobs: ['lost'] }, { onProgress: (...progress) => told.push(progress) }).restored;
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
