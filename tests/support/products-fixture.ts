import { authenticatedPrincipal } from '../../src/kernel/authenticated-principal';
import { type ImageId, newId, type ProductId, type UserId } from '../../src/kernel/ids';
import type { Log } from '../../src/kernel/log';
import type { Principal, Role, Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { Status } from '../../src/modules/products/domain/lifecycle';
import type { ImageUrls } from '../../src/modules/products/domain/ports';
import { NO_QUOTA } from '../../src/modules/products/domain/quota';
import { type ProductsModuleDeps, productsModule } from '../../src/modules/products/module';
import { callerFactory } from '../../src/platform/http/procedures';
import { toAppError } from '../../src/platform/http/to-app-error';
import { silentLog } from './log';
import type { TestDatabase } from './postgres';
import { requestContext } from './request-context';

export const BUCKET = 'test-images';

/** A signer that shows what it was asked for, and counts. */
function showingUrls(): ImageUrls & { signed: number } {
  return {
    signed: 0,
    sign(key, { expiresInSeconds, contentType, fileName }) {
      this.signed += 1;
      const url = `https://store.test/${key}?${new URLSearchParams({ contentType, fileName })}`;
      return { url, expiresAt: new Date(Date.now() + expiresInSeconds * 1000) };
    },
  };
}

type UploadParts = Pick<
  ProductsModuleDeps,
  'prepareQueue' | 'journal' | 'originals' | 'objects' | 'folders' | 'copies' | 'drainProduct' | 'storeAnswers'
>;

const notHere = () => Promise.reject(new Error('this test uploads nothing'));
const noUploads: UploadParts = {
  prepareQueue: { enqueue: notHere, wake: () => undefined },
  journal: { open: notHere, renew: notHere, settle: notHere, abandon: notHere, drain: notHere },
  originals: { put: notHere },
  objects: {
    signPut: ({ expiresAt }) => ({ method: 'PUT', url: 'https://store.test/', headers: {}, expiresAt }),
    head: notHere,
    get: notHere,
  },
  copies: { copy: notHere },
  drainProduct: notHere,
  storeAnswers: notHere,
  folders: { open: notHere },
};

/** The whole module on a real database, with a signer that shows what it signs. */
export function testProducts(db: TestDatabase, uploads: Partial<UploadParts> = {}, log: Log = silentLog) {
  const imageUrls = showingUrls();
  const drains = { count: 0 };
  const products = productsModule({
    ...noUploads,
    ...uploads,
    database: db.database,
    imageUrls,
    drainSoon: () => {
      drains.count += 1;
    },
    bucket: BUCKET,
    formerBuckets: ['former-images'],
    urlTtlSeconds: 900,
    quota: NO_QUOTA,
    directLimits: { maxOpenUploads: 20, maxReplacements: 40 },
    estimate: () => Promise.resolve(15),
    publicUrl: () => 'https://api.test',
    uploadLimits: { maxImages: 8, maxImageBytes: 1 << 20, maxUploadBytes: 1 << 23 },
    imageLimits: { minWidth: 800, minHeight: 600, maxPixels: 50_000_000 },
    intentTtlSeconds: 120,
    idempotencyTtlSeconds: 3600,
    directUploadTtlSeconds: 86_400,
    putUrlTtlSeconds: 3600,
    clock: () => new Date(),
    log,
  });
  const as = (seller: Principal | null) => callerFactory(products.router)(requestContext(seller));
  return { ...products, imageUrls, drains, as };
}

export async function aUser(db: TestDatabase, role: Role = 'seller'): Promise<Seller> {
  const userId = newId<UserId>();
  await db.sql('insert into users (id, email, password_hash, role) values ($1, $2, $3, $4)', [
    userId,
    `${userId}@example.com`,
    'none',
    role,
  ]);
  // A worker in a seller's type: what refuses it is the procedure, not this compiler.
  return authenticatedPrincipal({ userId, role }) as Seller;
}

/** How to get from uploading to each status, as SQL may. */
export const WAY: Record<Status, readonly Status[]> = {
  uploading: [],
  processing: ['processing'],
  ready: ['processing', 'ready'],
  publishing: ['processing', 'ready', 'publishing'],
  published: ['processing', 'ready', 'publishing', 'published'],
  failed: ['processing', 'failed'],
};

export interface ProductFixture {
  readonly id: ProductId;
  readonly images: readonly ImageId[];
}

interface ProductWish {
  images: number;
  status: Status;
  createdAt: Date;
  prompt: string;
  /** The statuses it goes through; by default the shortest way to `status`. */
  way: readonly Status[];
}

/** A product with images at positions 0…, the first one primary, led to its status edge by edge. */
export async function aProduct(
  db: TestDatabase,
  seller: Seller,
  {
    images = 3,
    status = 'ready',
    createdAt = new Date(),
    prompt = 'a lamp in good order',
    way,
  }: Partial<ProductWish> = {},
): Promise<ProductFixture> {
  const id = newId<ProductId>();
  await db.sql('insert into products (id, user_id, prompt_text, created_at) values ($1, $2, $3, $4)', [
    id,
    seller.userId,
    prompt,
    createdAt,
  ]);
  const ids = Array.from({ length: images }, () => newId<ImageId>());
  if (images > 0) await insertImages(db, id, ids);
  for (const next of way ?? WAY[status]) await db.sql('update products set status = $1 where id = $2', [next, id]);
  return { id, images: ids };
}

/** One statement, so that at its commit there is a primary. */
async function insertImages(db: TestDatabase, productId: ProductId, ids: readonly ImageId[]): Promise<void> {
  await db.sql(
    `insert into product_images (id, product_id, original_s3_url, sha256, file_size_bytes, file_format,
        resolution_width, resolution_height, position, is_primary)
      select id, $1, url, sha256, 1000, 'jpeg', 1600, 1200, n - 1, n = 1
      from unnest($2::uuid[], $3::text[], $4::text[]) with ordinality as image (id, url, sha256, n)`,
    [productId, ids, ids.map((id) => `s3://${BUCKET}/${originalKey(productId, id)}`), ids.map(sha256OfBytes)],
  );
}

export function originalKey(productId: ProductId, imageId: ImageId): string {
  return `products/${productId}/attempt/${imageId}/original.jpg`;
}

export async function aVariant(db: TestDatabase, imageId: ImageId, variant: 'thumb' | 'model'): Promise<string> {
  const key = `variants/${imageId}/${variant}.jpg`;
  await db.sql(
    `insert into image_variants (image_id, variant, s3_url, sha256, file_size_bytes, resolution_width, resolution_height)
      values ($1, $2, $3, $4, 10, 320, 240)`,
    [imageId, variant, `s3://${BUCKET}/${key}`, sha256OfBytes(key)],
  );
  return key;
}

/** What an error answers, to be compared: everything but the id of the request. */
export async function answerOf(call: Promise<unknown>): Promise<{ code: string; message: string; details: unknown }> {
  const error = await call.then(
    (value) => new Error(`it answered ${JSON.stringify(value)}`),
    (refused: unknown) => refused,
  );
  const { code, message, details } = toAppError(error);
  return { code, message, details };
}
