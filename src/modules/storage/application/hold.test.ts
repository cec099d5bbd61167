import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../kernel/app-error';
import { type ObjectKey, objectKey } from '../../../kernel/object-key';
import { ObjectsNotDeleted } from '../../../kernel/objects-not-deleted';
import { heldKey } from '../domain/pins';
import { ObjectExists } from '../domain/store-errors';
import { freeHeld, freeLostHeld, holdForBackups } from './hold';

const PHOTO = objectKey('products/p/original.jpg');
const BACKUP = '20261128T120000Z-00000000';

const DAMAGED = objectKey('products/p/damaged.jpg');
const THERE = { sizeBytes: 1, sha256: null, contentType: null, lastModified: new Date(0) };
const STORE = { head: async (key: ObjectKey) => ({ ...THERE, key }), check: async () => undefined };

describe('objects kept for a backup that is being made', () => {
  test('are copied for each living one; what is held already stays as it is', async () => {
    const copied: [ObjectKey, ObjectKey][] = [];
    const copy = async (from: ObjectKey, to: ObjectKey) => {
      copied.push([from, to]);
      throw new ObjectExists(to);
    };
    const store = { copy, head: async () => null, check: async () => undefined };
    const unheld = await holdForBackups({ pins: { living: async () => [BACKUP] }, store }, [PHOTO]);
    expect([...unheld]).toEqual([]);
    expect(copied).toEqual([[PHOTO, heldKey(BACKUP, PHOTO)]]);
  });

  test('fail where the copy does: what would be lost is not deleted', async () => {
    const copy = () => Promise.reject(new Error('no answer'));
    const holding = holdForBackups({ pins: { living: async () => [BACKUP] }, store: { ...STORE, copy } }, [PHOTO]);
    await expect(holding).rejects.toThrow('no answer');
  });

  test('name those that can’t be copied from a store that answers, and fail where it does not', async () => {
    const copied: ObjectKey[] = [];
    const copy = async (from: ObjectKey) => {
      if (from === DAMAGED) throw new AppError('STORAGE_UNAVAILABLE');
      copied.push(from);
    };
    const pins = { living: async () => [BACKUP] };
    const unheld = await holdForBackups({ pins, store: { ...STORE, copy } }, [DAMAGED, PHOTO]);
    expect([[...unheld], copied]).toEqual([[DAMAGED], [PHOTO]]);
    const check = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'away'));
    await expect(holdForBackups({ pins, store: { ...STORE, copy, check } }, [DAMAGED])).rejects.toThrow('away');
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

  test('go all but those that the store keeps, which are counted', async () => {
    const left = new Set(Array.from({ length: 1500 }, (_, at) => heldKey(BACKUP, objectKey(`products/${at}.jpg`))));
    const locked = heldKey(BACKUP, objectKey('products/3.jpg'));
    async function* list() {
      for (const key of [...left]) yield { key, sizeBytes: 1, lastModified: new Date(0) };
    }
    const deleteMany = async (keys: readonly ObjectKey[]) => {
      for (const key of keys) if (key !== locked) left.delete(key);
      if (keys.includes(locked)) throw new ObjectsNotDeleted([locked], 'locked');
    };
    const deps = { pins: { living: async () => [], free: async () => undefined }, store: { list, deleteMany } };
    expect(await freeLostHeld(deps)).toEqual({ freed: 1499, undeletable: 1 });
    expect([...left]).toEqual([locked]);
    await expect(freeHeld(deps, BACKUP)).rejects.toThrow(ObjectsNotDeleted);
  });
});
