import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepSteps } from '../../src/container/upkeep-steps';
import type { ImageId, ProductId } from '../../src/kernel/ids';
import type { Log } from '../../src/kernel/log';
import type { ObjectKey } from '../../src/kernel/object-key';
import { maintenanceModule } from '../../src/modules/maintenance';
import type { UpkeepPartsDeps } from '../../src/modules/maintenance/upkeep-parts';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { createMetrics } from '../../src/platform/telemetry/metrics';
import { revocationKit } from './revocation-kit';
import type { UploadKitOptions } from './upload-kit';

export type UpkeepKit = Awaited<ReturnType<typeof upkeepKit>>;

/** Upkeep on a real database and store, with products whose photos were really uploaded. */
export async function upkeepKit(options: UploadKitOptions = {}) {
  const kit = await revocationKit(options);
  const { dataDir } = kit;
  await mkdir(join(dataDir, 'tmp'));
  const logged: { fields: Record<string, unknown>; message: string }[] = [];
  const keep = (fields: object, message: string) => void logged.push({ fields: { ...fields }, message });
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  const metrics = createMetrics();

  /** As many as a test wants: each is another process as far as the database can tell. */
  const upkeep = (change: Partial<UpkeepPartsDeps> = {}) =>
    maintenanceModule({
      database: kit.db.database,
      log,
      metrics: change.metrics ?? { sampled: () => undefined },
      staging: kit.staging,
      store: kit.storage.store,
      keyOf: storedUrls(kit.storage.store.bucket, []).keyOf,
      sweepSteps: sweepSteps(kit.storage, dataDir),
      retentionSteps: [],
      ages: { failedProducts: 0, history: 0, events: 0, runs: 30, operatorAudit: 0 },
      ...change,
    });

  return {
    ...kit,
    logged,
    metrics,
    upkeep,

    /** The images of a product in order of position, with the keys of all that they have. */
    images: async (id: ProductId) => (await kit.products.find(await ownerOf(id), id))?.images ?? [],

    /** Other bytes under the key, by somebody who has the store's own keys or a screwdriver. */
    async replace(key: ObjectKey, bytes: Uint8Array): Promise<void> {
      await kit.storage.store.deleteMany([key]);
      await kit.put(key, bytes);
    },

    damagedAt: async (id: ImageId) =>
      (await kit.db.sql<{ damaged_at: Date | null }>('select damaged_at from product_images where id = $1', [id]))[0]
        ?.damaged_at,
  };

  async function ownerOf(id: ProductId) {
    const [row] = await kit.db.sql<{ user_id: string }>('select user_id from products where id = $1', [id]);
    return { userId: row?.user_id, role: 'seller' } as never;
  }
}
