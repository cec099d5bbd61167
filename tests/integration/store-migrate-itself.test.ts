import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../src/kernel/app-error';
import { type AttemptId, type ImageId, newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, imageKey } from '../../src/kernel/object-key';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { TargetIsSource } from '../../src/modules/storage/domain/object-migration';
import type { ObjectStore } from '../../src/modules/storage/domain/object-store';
import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import { objectMigration } from '../../src/modules/storage/migration-parts';
import { listAll, sampleFiles } from '../contracts/object-samples';
import { instead } from '../support/backup-kit';
import { silentLog } from '../support/log';
import { type UploadKit, uploadKit } from '../support/upload-kit';

let kit: UploadKit;
let samples: Awaited<ReturnType<typeof sampleFiles>>;
let folder: string;

beforeAll(async () => {
  kit = await uploadKit();
  samples = await sampleFiles();
  folder = await mkdtemp(join(tmpdir(), 'test-migrate-'));
});
afterAll(async () => {
  await kit.stop();
  await samples.remove();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => kit.db.sql('delete from intents'));

/** A store in that folder; two of one folder are one store that has two names. */
async function storeIn(name: string): Promise<DiskStore> {
  const urls = new DiskUrlSigner({ bucket: 'unused', publicUrl: () => 'http://test.invalid', secret: 'unused' });
  const store = new DiskStore({ dataDir: join(folder, name), bucket: 'images', urls });
  await store.prepare();
  return store;
}

function migrate(source: ObjectStore, target: ObjectStore, { log = silentLog, prune = true } = {}) {
  const { keyOf } = storedUrls('images', []);
  const { journal } = kit.storage;
  const deps = { orm: kit.db.database.orm, staging: kit.staging, buckets: ['images'], source, journal, log };
  const request = { prune, onProgress: () => undefined, onProblem: () => undefined };
  return objectMigration(deps, target, keyOf).run(request);
}

const keysOf = async (store: ObjectStore) => (await listAll(store, '' as never)).map(({ key }) => key);

describe('the target of a migration', () => {
  test('that is the source by another name is refused before anything is pruned, and keeps no probe', async () => {
    const [source, target] = [await storeIn('one'), await storeIn('one')];
    const key = imageKey(attemptPrefix(newId<ProductId>(), newId<AttemptId>()), newId<ImageId>(), 'original', 'jpg');
    await source.put(key, await samples.of('named by nothing'), 'image/jpeg');
    await expect(migrate(source, target)).rejects.toThrow(TargetIsSource);
    expect(await keysOf(source)).toEqual([key]);
    // what a process that dies there leaves, the sweep takes
    expect(await kit.db.sql('select state from intents')).toEqual([{ state: 'open' }]);
  });

  test('that is another store is taken, and keeps no probe', async () => {
    const target = await storeIn('another');
    expect(await migrate(await storeIn('source'), target)).toMatchObject({ problems: 0, unnamed: 0 });
    expect(await keysOf(target)).toEqual([]);
  });

  test('that lets nothing be deleted is taken all the same, and the probe that stays there is named', async () => {
    const target = await storeIn('one that keeps everything');
    const keeping = instead(target, { deleteMany: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) });
    const named: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => void named.push(fields) };
    expect(await migrate(await storeIn('its source'), keeping, { log, prune: false })).toMatchObject({ problems: 0 });
    const [probe] = await keysOf(target);
    expect(named).toEqual([{ err: expect.any(AppError), key: probe }]);
  });
});
