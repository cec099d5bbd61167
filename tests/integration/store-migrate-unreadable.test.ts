import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/kernel/app-error';
import type { ObjectKey } from '../../src/kernel/object-key';
import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import { instead } from '../support/backup-kit';
import { type MigrationKit, migrationKit } from '../support/migration-kit';

let kit: MigrationKit;
let target: DiskStore;

beforeAll(async () => {
  kit = await migrationKit();
});
afterAll(() => kit.stop());
beforeEach(async () => {
  target = await kit.begin();
  for (let n = 0; n < 6; n += 1) await kit.upload();
});

const away = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));

/** Every read of this file fails with EIO, as of a bad sector. @see proc_pid_mem(5): nothing is mapped at address 0 */
const NOT_READ = '/proc/self/mem';

test.skipIf(!existsSync(NOT_READ))(
  'an object that its disk does not give back is named, and all others are copied',
  async () => {
    const keys = (await kit.keys()) as ObjectKey[];
    const { bucket } = kit.storage.store;
    const path = join(kit.dataDir, 'objects', bucket, keys[3]!);
    await rename(path, `${path}.away`);
    await symlink(NOT_READ, path);
    // another process: this one has the digest of what it wrote
    const urls = new DiskUrlSigner({ bucket, publicUrl: () => 'http://test.invalid', secret: 'unused' });
    const source = new DiskStore({ dataDir: kit.dataDir, bucket, urls });
    const broken = await kit.migrate(target, { deps: { source } });
    await rm(path);
    await rename(`${path}.away`, path);
    expect(broken.problems).toEqual([{ key: keys[3]!, problem: 'unreadable' }]);
    expect(broken.report).toMatchObject({ copied: keys.length - 1, problems: 1 });
    expect(await kit.temporaryFiles()).toEqual([]);
    expect((await kit.migrate(target)).report).toMatchObject({ copied: 1, present: keys.length - 1, problems: 0 });
  },
  30_000,
);

test('an object that the target alone does not tell of is named, too', async () => {
  const keys = (await kit.keys()) as ObjectKey[];
  const head = (key: ObjectKey) => (key === keys[2] ? away() : target.head(key));
  const { report, problems } = await kit.migrate(target, { deps: { target: instead(target, { head }) } });
  expect(problems).toEqual([{ key: keys[2]!, problem: 'unreadable' }]);
  expect(report).toMatchObject({ copied: keys.length - 1, problems: 1 });
}, 30_000);

test('a store that is away ends the migration, and calls nothing unreadable', async () => {
  const gone = { get: away, check: away };
  for (const deps of [
    { source: instead(kit.storage.store, gone) },
    { target: instead(target, { head: away, check: away }) },
  ])
    await expect(kit.migrate(target, { deps })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
}, 30_000);

test('a target that answers and takes nothing ends the migration: it is full, and no object is at fault', async () => {
  const deps = { target: instead(target, { put: away }) };
  await expect(kit.migrate(target, { deps })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
}, 30_000);
