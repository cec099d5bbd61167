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
import { BackupDamaged } from '../../domain/backup-faults';
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

/** The bytes of an object are its key. */
const backed = (key: ObjectKey): BackedObject => {
  const sha256 = key.includes('undigested') ? NO_DIGEST : sha256OfBytes(key);
  return { name: sha256 as string as BlobName, sha256, sizeBytes: key.length, role: 'original', key };
};

function restoring(
  keys: readonly ObjectKey[],
  there: Record<string, string> = {},
  damaged: readonly ObjectKey[] = [],
  options: RestoreObjectsOptions = {},
) {
  const stored = new Map<ObjectKey, string>(Object.entries(there) as [ObjectKey, string][]);
  const asked: number[] = [];
  const store = {
    // a store that keeps no digests: the bytes are read
    head: async (key: ObjectKey) => (stored.has(key) ? { sha256: null as Sha256 | null } : null),
    get: async (key: ObjectKey) => new Blob([stored.get(key) ?? '']).stream(),
    put: async (key: ObjectKey, file: { path: string }) => {
      if (stored.has(key)) throw Object.assign(new Error('taken'), { name: 'ObjectExists' });
      stored.set(key, await Bun.file(file.path).text());
    },
    deleteMany: async (gone: readonly ObjectKey[]) => {
      for (const key of gone) stored.delete(key);
    },
  };
  const backup = {
    async *objects() {
      yield* keys.map(backed);
    },
    open: async ({ key }: BackedObject) => {
      if (damaged.includes(key)) throw new BackupDamaged(key, 'is gone');
      return new Blob([key]).stream();
    },
  };
  const restore = restoreObjects({
    store: store as never,
    staging,
    typeOfKey: () => 'image/jpeg',
    lanes: 4,
    namesOf: async (batch) => {
      asked.push(batch.length);
      return new Map(batch.filter((key) => !key.includes('deleted')).map((key) => [key, 'row'] as const));
    },
  });
  return { restored: restore(backup as unknown as OpenBackup, options), stored, asked };
}

const key = (name: string) => objectKey(`products/${name}.jpg`);

describe('objects that the bucket has lost', () => {
  test('are put back where a row names them, and the backup has them whole', async () => {
    const [lost, there, deleted, damaged] = [key('lost'), key('there'), key('deleted'), key('damaged')];
    const { restored, stored } = restoring([lost, there, deleted, damaged], { [there]: there }, [damaged]);
    expect(await restored).toEqual({
      put: 1,
      bytes: lost.length,
      present: 1,
      replaced: 0,
      lost: [damaged],
      taken: [],
      unnamed: 1,
    });
    expect([...stored.keys()].sort()).toEqual([lost, there].sort());
    expect(stored.get(lost)).toBe(lost);
  });

  test('replace no other bytes: the keys that hold some are named', async () => {
    const [taken, lost] = [key('taken'), key('lost')];
    const { restored, stored } = restoring([taken, lost], { [taken]: 'another photo' });
    expect(await restored).toMatchObject({ put: 1, replaced: 0, taken: [taken], lost: [] });
    expect(stored.get(taken)).toBe('another photo');
    expect(stored.get(lost)).toBe(lost);
  });

  test('replace other bytes where that was said, and the backup has the right ones whole', async () => {
    const [taken, rotten] = [key('taken'), key('rotten')];
    const there = { [taken]: 'another photo', [rotten]: 'all that there is' };
    const { restored, stored } = restoring([taken, rotten], there, [rotten], { replaceDamaged: true });
    expect(await restored).toMatchObject({ put: 1, replaced: 1, taken: [], lost: [rotten] });
    expect(stored.get(taken)).toBe(taken);
    expect(stored.get(rotten)).toBe('all that there is');
  });

  test('that no backup has ever read are as good as what is there, and lost where nothing is', async () => {
    const [again, gone] = [key('undigested-again'), key('undigested-gone')];
    const { restored } = restoring([again, gone], { [again]: 'came back by itself' }, [gone]);
    expect(await restored).toMatchObject({ put: 0, present: 1, taken: [], lost: [gone] });
  });

  test('are asked for 500 at a time', async () => {
    const keys = Array.from({ length: 1003 }, (_, index) => key(`deleted-${index}`));
    const { restored, asked } = restoring(keys);
    expect(await restored).toMatchObject({ put: 0, unnamed: 1003 });
    expect(asked).toEqual([500, 500, 3]);
  });
});
