import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../kernel/app-error';
import type { AttemptId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import { ObjectsNotDeleted } from '../../../kernel/objects-not-deleted';
import type { DoomedIntent } from '../domain/intent-journal';
import type { ListedObject, ObjectHead } from '../domain/object-store';
import { type DeleteDoomedDeps, deleteDoomed } from './delete-doomed';

const BACKUP = '20261128T120000Z-00000000';
const refusal = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));

/** A store of these objects, which keeps the locked ones, and an intent for each prefix, named by it. */
function world(
  objects: readonly string[],
  change: Partial<DeleteDoomedDeps['store']> = {},
  locked: readonly string[] = [],
) {
  const there = new Set(objects as ObjectKey[]);
  const logged: object[] = [];
  const note = (fields: object) => void logged.push(fields);
  const store: DeleteDoomedDeps['store'] = {
    async *list(prefix) {
      for (const key of [...there]) if (key.startsWith(String(prefix))) yield { key } as ListedObject;
    },
    deleteMany: async (keys) => {
      for (const key of keys) if (!locked.includes(key)) there.delete(key);
      const kept = keys.filter((key) => locked.includes(key));
      if (kept.length > 0) throw new ObjectsNotDeleted(kept, 'locked');
    },
    head: async (key) => (there.has(key) ? ({ key } as ObjectHead) : null),
    copy: async () => undefined,
    check: async () => undefined,
    ...change,
  };
  const log = { debug: note, info: note, warn: note, error: note };
  const pins = { living: async () => [BACKUP] };
  const drain = (...prefixes: string[]) =>
    deleteDoomed(
      { store, pins, log },
      prefixes.map((prefix) => ({ id: prefix as AttemptId, prefix, state: 'draining' }) as DoomedIntent),
    );
  return { there, logged, drain };
}

describe('the deletion of doomed objects', () => {
  test('goes by what the store keeps, a key or one in a folder, and names its intents in the log', async () => {
    const { there, logged, drain } = world(['a', 'b', 'f/x', 'f/y', 'g/x'], {}, ['b', 'f/x']);
    const left = await drain('a', 'b', 'f/', 'g/');
    expect([[...left], [...there]]).toEqual([
      ['b', 'f/'],
      ['b', 'f/x'],
    ] as never);
    expect(logged).toEqual([{ err: expect.any(ObjectsNotDeleted), undeletable: 2, intent_ids: ['b', 'f/'] }]);
  });

  test('leaves what a backup has to hold and can’t be copied', async () => {
    const copy = (from: ObjectKey) => (from === 'b' ? refusal() : Promise.resolve());
    const { there, drain } = world(['a', 'b'], { copy });
    expect([[...(await drain('a', 'b'))], [...there]]).toEqual([['b'], ['b']] as never);
  });

  test('leaves a folder that alone can’t be listed, and fails where the store is away', async () => {
    async function* list(prefix: KeyPrefix): AsyncGenerator<ListedObject> {
      if (String(prefix) === 'f/') await refusal();
      yield* [];
    }
    const { there, drain } = world(['a'], { list });
    expect([...(await drain('f/', 'a'))]).toEqual(['f/'] as never);
    expect([...there]).toEqual([]);
    await expect(world(['a'], { list, check: refusal }).drain('f/', 'a')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });

  test('fails whole where the store gives no answer: nothing counts as deleted', async () => {
    await expect(world(['a'], { deleteMany: refusal }).drain('a')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });
});
