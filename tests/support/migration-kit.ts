import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProductId } from '../../src/kernel/ids';
import { type ObjectKey, objectKey } from '../../src/kernel/object-key';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { type MigrateDeps, migrateObjects } from '../../src/modules/storage/application/migrate-objects';
import type { MigrationProblem, MigrationProgress } from '../../src/modules/storage/domain/object-migration';
import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import { postgresNamedObjects } from '../../src/modules/storage/infrastructure/postgres-named-objects';
import { listAll, sampleFiles } from '../contracts/object-samples';
import { photo } from './photos';
import { PROMPT, productParts, uploadKit } from './upload-kit';

export type MigrationKit = Awaited<ReturnType<typeof migrationKit>>;

/** A bucket that rows may name beside the source's own. */
export const FORMER = 'former-bucket';

export interface MigrationChange {
  prune?: boolean;
  deps?: Partial<MigrateDeps>;
}

/** Migrations on a real database, from a store with products that were really uploaded to one of the test's own. */
export async function migrationKit() {
  const kit = await uploadKit();
  const seller = await kit.seller();
  const samples = await sampleFiles();
  const folder = await mkdtemp(join(tmpdir(), 'test-migrate-'));
  const photos = [await photo({ seed: 41 }), await photo({ seed: 42, format: 'png' })];
  const { store } = kit.storage;

  return {
    ...kit,
    seller,
    photos,

    /** Nothing is named any more, and nothing is at the source. @returns a target that is empty, too */
    async begin(): Promise<DiskStore> {
      await kit.db.sql('delete from products');
      await kit.db.sql('delete from intents');
      await store.deleteMany((await kit.keys()) as ObjectKey[]);
      const urls = new DiskUrlSigner({ bucket: 'unused', publicUrl: () => 'http://test.invalid', secret: 'unused' });
      const target = new DiskStore({ dataDir: join(folder, Bun.randomUUIDv7()), bucket: 'target-bucket', urls });
      await target.prepare();
      return target;
    },

    async migrate(target: DiskStore, { prune = false, deps: instead }: MigrationChange = {}) {
      const { keyOf } = storedUrls(store.bucket, [FORMER]);
      const names = postgresNamedObjects(kit.db.database.orm, { buckets: [store.bucket, FORMER], keyOf });
      const deps = { names, source: store, target, staging: kit.staging, ...instead };
      const problems: MigrationProblem[] = [];
      const progress: MigrationProgress[] = [];
      const report = await migrateObjects(deps)({
        prune,
        onProblem: (problem) => problems.push(problem),
        onProgress: (step) => progress.push(step),
      });
      return { report, problems, progress };
    },

    upload: async () => (await kit.create(seller, productParts(PROMPT, photos))).product.id as ProductId,
    keysOn: async (target: DiskStore) => (await listAll(target, '' as never)).map(({ key }) => key as string),

    async put(to: Pick<DiskStore, 'put'>, key: string, bytes: Uint8Array | string) {
      await to.put(objectKey(key), await samples.of(bytes), 'image/jpeg');
      return key as ObjectKey;
    },

    async stop() {
      await kit.stop();
      await samples.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
