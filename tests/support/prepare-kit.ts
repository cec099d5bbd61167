import { expect } from 'bun:test';
import type { ProductId } from '../../src/kernel/ids';
import { objectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import type { PrepareFailure } from '../../src/modules/processing/domain/prepare/prepare-record';
import { type PrepareDeps, prepareParts } from '../../src/modules/processing/prepare-parts';
import { addImages } from '../../src/modules/products/application/add-images';
import { appendImages } from '../../src/modules/products/application/append-images';
import { changeStatusWithin } from '../../src/modules/products/application/change-status';
import { postgresStatusStore } from '../../src/modules/products/infrastructure/status-store';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { silentLog } from './log';
import { revocationKit } from './revocation-kit';
import { bodyOf, PROMPT, productParts, type UploadKitOptions } from './upload-kit';

export type PrepareKit = Awaited<ReturnType<typeof prepareKit>>;

export interface VariantRow {
  readonly image_id: string;
  readonly variant: 'thumb' | 'model';
  readonly s3_url: string;
  readonly sha256: string;
  readonly file_size_bytes: number;
  readonly resolution_width: number;
  readonly resolution_height: number;
}

/** Everything that prepares images, on a real database, a store and real decoders, with each part open to be replaced. */
export async function prepareKit(options: UploadKitOptions = {}) {
  const kit = await revocationKit(options);
  const { db, storage, staging } = kit;
  const failures: PrepareFailure[] = [];
  const urls = storedUrls(storage.store.bucket, []);
  const deps: PrepareDeps = {
    database: db.database,
    log: silentLog,
    storedUrls: urls,
    journal: storage.journal,
    objects: storage.store,
    folders: staging,
    leadOn: changeStatusWithin(postgresStatusStore),
    record: { prepared: () => undefined, failed: (kind) => failures.push(kind) },
    intentTtlSeconds: 120,
    decoders: { size: 1, timeoutSeconds: 30, maxPixels: 50_000_000 },
  };
  const parts: ReturnType<typeof prepareParts>[] = [];
  const withParts = (change: Partial<PrepareDeps> = {}) => {
    const made = prepareParts({ ...deps, ...change });
    parts.push(made);
    return made;
  };
  const bytesOf = async (url: string) =>
    Buffer.from(await new Response(await storage.store.get(urls.keyOf(url))).bytes());

  return {
    ...kit,
    prepareDeps: deps,
    failures,
    /** What prepares with other parts. */
    with: withParts,
    prepare: withParts().prepareProduct,

    async upload(seller: Seller, photos: readonly Uint8Array[]): Promise<ProductId> {
      const { product } = await kit.create(
        seller,
        productParts(
          PROMPT,
          photos.map((bytes) => Buffer.from(bytes)),
        ),
      );
      return product.id as ProductId;
    },

    /** POST /api/products/{id}/images */
    async addImage(seller: Seller, id: ProductId, bytes: Buffer): Promise<void> {
      const { products } = kit;
      const add = addImages({ ...kit.uploadDeps, products, append: appendImages({ products, maxImages: 8 }) });
      const files = productParts(PROMPT, [bytes]).filter(({ name }) => name === 'images');
      await add(seller, { body: bodyOf(files), productId: id });
    },

    async statusOf(id: ProductId) {
      const [row] = await db.sql<{ status: string; failed_from: string | null; processing_error: string | null }>(
        'select status, failed_from, processing_error from products where id = $1',
        [id],
      );
      return row!;
    },

    variantsOf: (id: ProductId) =>
      db.sql<VariantRow>(
        `select v.* from image_variants v join product_images i on i.id = v.image_id
          where i.product_id = $1 order by i.position, v.variant`,
        [id],
      ),
    bytesOf,

    /** The thumb and the model of the first image. */
    async made(id: ProductId) {
      const rows = await this.variantsOf(id);
      const bytes = async (variant: string) => bytesOf(rows.find((row) => row.variant === variant)?.s3_url ?? '');
      return { thumb: await bytes('thumb'), model: await bytes('model') };
    },

    /** Puts the product into `ready`, as its workers would. */
    async makeReady(id: ProductId): Promise<void> {
      for (const status of ['processing', 'ready']) {
        await db.sql("update products set status = $2 where id = $1 and status <> $2 and status <> 'ready'", [
          id,
          status,
        ]);
      }
      expect((await this.statusOf(id)).status).toBe('ready');
    },

    keyOf: (url: string) => objectKey(urls.keyOf(url)),

    async stop() {
      for (const made of parts) made.stop();
      await kit.stop();
    },
  };
}
