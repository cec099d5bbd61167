import { expect } from 'bun:test';
import { Elysia } from 'elysia';
import { AppError } from '../../src/kernel/app-error';
import { systemClock } from '../../src/kernel/clock';
import { type AttemptId, newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, imageKey, type ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { type Sha256, sha256OfBytes } from '../../src/kernel/sha256';
import { type RevokeUrlsDeps, revokeUrls } from '../../src/modules/products/application/revoke-urls';
import { productRepository } from '../../src/modules/products/infrastructure/product-repository';
import { rekeyedProducts } from '../../src/modules/products/infrastructure/rekey-rows';
import { storedUrls } from '../../src/modules/products/infrastructure/stored-url';
import { errorResponse } from '../../src/platform/http/error-body';
import { signedImageUrls } from '../../src/signed-image-urls';
import { photo } from './photos';
import { PROMPT, productParts, type UploadKitOptions, uploadKit } from './upload-kit';

export type RevocationKit = Awaited<ReturnType<typeof revocationKit>>;

const FORMER_BUCKET = 'former-images';

/** Everything that revokes URLs, on a real database and a store whose signed URLs are served, with each part open to be replaced. */
export async function revocationKit(options: UploadKitOptions = {}) {
  let port: number | undefined;
  const kit = await uploadKit({ ...options, publicUrl: () => `http://127.0.0.1:${port}` });
  const { db, storage } = kit;
  const { store } = storage;
  const door = new Elysia().onError(({ error }) =>
    errorResponse(error instanceof AppError ? error : new AppError('INTERNAL'), 'test'),
  );
  if (storage.filesDoor) port = door.use(storage.filesDoor).listen({ port: 0, hostname: '127.0.0.1' }).server?.port;
  const urls = storedUrls(store.bucket, [FORMER_BUCKET]);
  const products = { ...productRepository(db.database, urls), ...rekeyedProducts(urls) };
  const deps: RevokeUrlsDeps = {
    ...kit.deps,
    products,
    copies: { copy: storage.copyIfThere },
    drainProduct: storage.drainProduct,
    storeAnswers: () => store.check(),
    imageUrls: signedImageUrls(store, systemClock),
    urlTtlSeconds: 900,
  };

  async function put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    const folder = await kit.staging.open();
    const file = await folder.stage(
      (async function* () {
        yield bytes;
      })(),
    );
    await store.put(key, file, 'image/jpeg');
    await folder.remove();
  }

  /** The keys that rows of the product name. */
  async function keysOf(id: ProductId): Promise<ObjectKey[]> {
    const rows = await db.sql<{ url: string }>(
      `select url from product_images i
        left join image_variants v on v.image_id = i.id
        cross join lateral (values (i.original_s3_url), (i.processed_s3_url), (v.s3_url)) as named (url)
        where i.product_id = $1 and url is not null group by url order by url`,
      [id],
    );
    return rows.map(({ url }) => urls.keyOf(url));
  }

  return {
    ...kit,
    deps,
    /** What creates products and adds images. */
    uploadDeps: kit.deps,
    products,
    put,
    keysOf,

    revoke: (seller: Seller, id: ProductId, change: Partial<RevokeUrlsDeps> = {}) =>
      revokeUrls({ ...deps, ...change })(seller, id),

    /** Two photos; of the first one all variants are made, too. */
    async aProduct(seller: Seller, photos = 2): Promise<ProductId> {
      const files = await Promise.all(Array.from({ length: photos }, (_, index) => photo({ seed: index + 1 })));
      const { product } = await kit.create(seller, productParts(PROMPT, files));
      const id = product.id as ProductId;
      const [image] = (await deps.products.find(seller, id))?.images ?? [];
      const prefix = attemptPrefix(id, newId<AttemptId>());
      for (const kind of ['thumb', 'model', 'processed'] as const) {
        const key = imageKey(prefix, image!.id, kind, 'webp');
        const bytes = Buffer.from(`${kind} of ${id}`);
        await put(key, bytes);
        if (kind === 'processed') {
          await db.sql('update product_images set processed_s3_url = $1 where id = $2', [urls.urlOf(key), image!.id]);
        } else {
          await db.sql(
            `insert into image_variants (image_id, variant, s3_url, sha256, file_size_bytes, resolution_width, resolution_height)
              values ($1, $2, $3, $4, $5, 320, 240)`,
            [image!.id, kind, urls.urlOf(key), sha256OfBytes(bytes), bytes.length],
          );
        }
      }
      return id;
    },

    /** A URL for each key, good for ten minutes. */
    signed: (keys: readonly ObjectKey[]) =>
      keys.map((key) => {
        const issuedAt = new Date(Math.floor(Date.now() / 1000) * 1000);
        return store.signGet({ key, issuedAt, expiresAt: new Date(issuedAt.getTime() + 600_000) });
      }),

    /** What the rows' objects hold, sorted. @throws where one is not there */
    async contents(id: ProductId): Promise<Sha256[]> {
      const heads = await Promise.all((await keysOf(id)).map((key) => store.head(key)));
      return heads.map((head) => head?.sha256 ?? (expect.unreachable('a row names no object') as never)).sort();
    },

    /** Nothing is in the store but what rows name, and nothing is left to be drained. */
    async expectClean(): Promise<void> {
      const named = await db.sql<{ key: string }>(
        `select substring(url from '^s3://[^/]+/(.*)$') as key from (
          select original_s3_url as url from product_images union select processed_s3_url from product_images
          union select s3_url from image_variants) as named where url is not null`,
      );
      expect((await kit.keys()).sort()).toEqual(named.map(({ key }) => key).sort());
      const unfinished = (await kit.intents()).filter(({ state }) => state !== 'tombstone');
      expect(unfinished).toEqual([]);
    },

    expireIntents: () => db.sql("update intents set expires_at = now() - interval '1 second' where state = 'open'"),

    async stop() {
      await door.server?.stop(true);
      await kit.stop();
    },
  };
}

export async function statusesOf(urls: readonly string[]): Promise<number[]> {
  return Promise.all(
    urls.map(async (url) => {
      const response = await fetch(url);
      await response.arrayBuffer();
      return response.status;
    }),
  );
}
