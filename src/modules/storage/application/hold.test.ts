import { describe, expect, test } from 'bun:test';
import { type ObjectKey, objectKey } from '../../../kernel/object-key';
import { heldKey } from '../domain/pins';
import { ObjectExists } from '../domain/store-errors';
import { freeHeld, holdForBackups } from './hold';

const PHOTO = objectKey('products/p/original.jpg');
const BACKUP = '20261128T120000Z-00000000';

const THERE = { sizeBytes: 1, sha256: null, contentType: null, lastModified: new Date(0) };

describe('objects kept for a backup that is being made', () => {
  test('are copied for each living one; what is held already stays as it is', async () => {
    const copied: [ObjectKey, ObjectKey][] = [];
    const copy = async (from: ObjectKey, to: ObjectKey) => {
      copied.push([from, to]);
      throw new ObjectExists(to);
    };
    await holdForBackups({ pins: { living: async () => [BACKUP] }, store: { copy, head: async () => null } }, [PHOTO]);
    expect(copied).toEqual([[PHOTO, heldKey(BACKUP, PHOTO)]]);
  });

  test('fail where the copy does: what would be lost is not deleted', async () => {
    const copy = () => Promise.reject(new Error('no answer'));
    const holding = holdForBackups(
      { pins: { living: async () => [BACKUP] }, store: { copy, head: async (key) => ({ ...THERE, key }) } },
      [PHOTO],
    );
    await expect(holding).rejects.toThrow('no answer');
  });

  test('are deleted a thousand at a time when the backup has ended', async () => {
    const deleted: number[] = [];
    async function* list() {
      for (let index = 0; index < 2001; index += 1)
        yield { key: heldKey(BACKUP, objectKey(`products/${index}.jpg`)), sizeBytes: 1, lastModified: new Date(0) };
    }
    const freed: string[] = [];
    await freeHeld(
      {
        pins: { living: async () => [], free: async (id) => void freed.push(id) },
        store: { list, deleteMany: async (keys) => void deleted.push(keys.length) },
      },
      BACKUP,
    );
    expect(freed).toEqual([BACKUP]);
    expect(deleted).toEqual([1000, 1000, 1]);
  });
});
