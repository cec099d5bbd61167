import type { ProductId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { directUploadUseCases } from '../../src/modules/products/direct-upload-parts';
import type { AnnouncedImage } from '../../src/modules/products/domain/declared-images';
import { NO_QUOTA } from '../../src/modules/products/domain/quota';
import { productRepository } from '../../src/modules/products/infrastructure/product-repository';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { LIMITS, PROMPT, uploadKit } from './upload-kit';

export type DirectKit = Awaited<ReturnType<typeof directKit>>;
type Parts = Parameters<typeof directUploadUseCases>[0];

/** The use cases of direct uploads on a real database and the disk store, each part open to be replaced. */
export async function directKit() {
  const kit = await uploadKit();
  const urls = storedUrls(kit.storage.store.bucket, []);
  const parts: Parts = {
    database: kit.db.database,
    journal: kit.storage.journal,
    objects: kit.storage.store,
    copies: { copy: kit.storage.copyIfThere },
    prepareQueue: kit.deps.prepareQueue,
    clock: () => new Date(),
    uploadLimits: LIMITS,
    directLimits: { maxOpenUploads: 20, maxReplacements: 40 },
    imageLimits: { minWidth: 800, minHeight: 600, maxPixels: 50_000_000 },
    directUploadTtlSeconds: 86_400,
    putUrlTtlSeconds: 3600,
    intentTtlSeconds: 120,
    idempotencyTtlSeconds: 86_400,
    log: kit.deps.log,
    imageUrls: { sign: (key) => ({ url: `https://store.test/${key}`, expiresAt: new Date() }) },
    urlTtlSeconds: 900,
    storedUrls: urls,
    quota: NO_QUOTA,
    requireQuota: () => Promise.resolve(),
    inTransaction: kit.deps.inTransaction,
    products: productRepository(kit.db.database, urls),
  };
  const useCases = (change: Partial<Parts> = {}) => directUploadUseCases({ ...parts, ...change });

  return {
    ...kit,
    ...useCases(),
    parts,
    /** The use cases with other parts. */
    with: useCases,

    start: (seller: Seller, photos: readonly Buffer[], idempotencyKey: string | null = null) =>
      useCases().startUpload(seller, { promptText: PROMPT, images: photos.map(announcedAs), idempotencyKey }),

    /** Puts the photos where they were announced, as the store does when a client's PUTs arrive. */
    async send(id: ProductId, photos: readonly Buffer[]): Promise<void> {
      for (const [index, key] of (await keysOf(kit, id)).entries()) {
        const photo = photos[index];
        if (photo) await putBytes(kit, key, photo);
      }
    },

    keysOf: (id: ProductId) => keysOf(kit, id),
    putBytes: (key: ObjectKey, bytes: Buffer) => putBytes(kit, key, bytes),

    /** What is left of uploads: tombstones are none, they say that nothing may come any more. */
    async leftovers() {
      const count = async (from: string) =>
        (await kit.db.sql<{ n: number }>(`select count(*)::int n from ${from}`))[0]!.n;
      return {
        uploads: await count('direct_uploads'),
        images: await count('direct_upload_images'),
        superseded: await count('direct_upload_superseded'),
        idempotencyKeys: await count('idempotency_keys'),
        intents: await count("intents where state <> 'tombstone'"),
        objects: await kit.keys(),
      };
    },
  };
}

export const NOTHING_LEFT = { uploads: 0, images: 0, superseded: 0, idempotencyKeys: 0, intents: 0, objects: [] };

export function announcedAs(photo: Buffer): AnnouncedImage {
  return {
    contentType: photo[0] === 0x89 ? 'image/png' : 'image/jpeg',
    sizeBytes: photo.length,
    sha256: sha256OfBytes(photo),
  };
}

type Kit = Awaited<ReturnType<typeof uploadKit>>;

async function keysOf(kit: Kit, id: ProductId): Promise<ObjectKey[]> {
  const rows = await kit.db.sql<{ key: ObjectKey }>(
    'select key from direct_upload_images where product_id = $1 order by position',
    [id],
  );
  return rows.map(({ key }) => key);
}

async function putBytes(kit: Kit, key: ObjectKey, bytes: Buffer): Promise<void> {
  const folder = await kit.staging.open();
  const file = await folder.stage(
    (async function* () {
      yield bytes;
    })(),
  );
  await kit.storage.store.put(key, file, 'image/jpeg');
  await folder.remove();
}
