import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../../kernel/app-error';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import type { SourceStore } from '../../domain/create-ports';
import type { BackupId } from '../../domain/layout';
import { ObjectUnreadable, openSource, patiently } from './open-source';

const ID = '20261128T120000Z-00000000' as BackupId;
const KEY = objectKey('products/p/original.jpg');
const HELD = objectKey('held/b/products/p/original.jpg');
const NO_WAIT = [0, 0];

const unavailable = () => new AppError('STORAGE_UNAVAILABLE', 'it does not answer');
const missing = () => Object.assign(new Error('missing'), { name: 'ObjectMissing' });

/** A store that does with each key what it is told. */
function storeOf(objects: Record<string, () => Promise<ReadableStream<Uint8Array>>>, check = async () => undefined) {
  const get = (key: ObjectKey) => objects[key]?.() ?? Promise.reject(missing());
  const source: SourceStore = { bucket: 'b', get, head: async () => null, check };
  return { source, pins: { heldKey: () => HELD } };
}
const bytesOf = (text: string) => async () => new Blob([text]).stream();
const failing = (error: () => Error) => () => Promise.reject(error());

async function read(deps: ReturnType<typeof storeOf>): Promise<string | null> {
  const bytes = await openSource(deps, ID, KEY);
  return bytes && Buffer.concat(await Array.fromAsync(bytes)).toString();
}

describe('an object of the snapshot', () => {
  test('is read under its key, else where it was put aside, else it is in neither place', async () => {
    expect(await read(storeOf({ [KEY]: bytesOf('photo'), [HELD]: bytesOf('copy') }))).toBe('photo');
    expect(await read(storeOf({ [HELD]: bytesOf('copy') }))).toBe('copy');
    expect(await read(storeOf({}))).toBeNull();
  });

  test('that the store does not give out, though it works, is unreadable, after some patience', async () => {
    let asked = 0;
    const deps = storeOf({
      [KEY]: () => {
        asked += 1;
        return Promise.reject(unavailable());
      },
    });
    await expect(patiently(deps.source, () => read(deps), NO_WAIT)).rejects.toBeInstanceOf(ObjectUnreadable);
    expect(asked).toBe(3);
  });

  test('half way lost is tried again, and read in the end', async () => {
    let asked = 0;
    const halfWay = () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('pho')),
        pull: (controller) => controller.error(unavailable()),
      });
    const deps = storeOf({
      [KEY]: async () => (asked++ === 0 ? halfWay() : await bytesOf('photo')()),
    });
    expect(await patiently(deps.source, () => read(deps), NO_WAIT)).toBe('photo');
    expect(asked).toBe(2);
  });

  test('of a store that is out of order as a whole fails with what the store says', async () => {
    const check = () => Promise.reject(unavailable());
    const deps = storeOf({ [KEY]: failing(unavailable) }, check);
    await expect(patiently(deps.source, () => read(deps), NO_WAIT)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });

  test('that fails for any other reason is not tried again', async () => {
    let asked = 0;
    const deps = storeOf({
      [KEY]: () => {
        asked += 1;
        return Promise.reject(new Error('a fault of ours'));
      },
    });
    await expect(patiently(deps.source, () => read(deps), NO_WAIT)).rejects.toThrow('a fault of ours');
    expect(asked).toBe(1);
  });
});
