import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { ImageId, ProductId } from '../../../../kernel/ids';
import type { Sha256 } from '../../../../kernel/sha256';
import type { Transaction } from '../../../../kernel/transaction';
import type { Database, Orm } from '../../../../platform/database/database';
import { imageVariants, productImages, products } from '../../../../platform/database/schema';
import { ormOf, transactionsOf } from '../../../../platform/database/transaction';
import type { StoredVariant, UnpreparedImage, UnpreparedImages } from '../../domain/prepare/unprepared';
import { type OfEachVariant, VARIANT_NAMES } from '../../domain/prepare/variants';
import type { StoredUrls } from '../work/stored-url';

const COLUMNS = {
  id: productImages.id,
  productId: productImages.productId,
  position: productImages.position,
  url: productImages.originalS3Url,
  sha256: productImages.sha256,
};

const isUnprepared = isNull(productImages.preparedAt);
/** Kept in processing_metadata, which a worker's result leaves standing. */
const isRefused = sql`coalesce(${productImages.processingMetadata} ? 'prepare_refused', false)`;

export function postgresUnpreparedImages(database: Database, urls: StoredUrls): UnpreparedImages {
  const inTransaction = transactionsOf(database);
  return {
    ofProduct: (id) => inTransaction((tx) => readProduct(tx, urls, id)),

    async reread({ id }) {
      const rows = await database.orm
        .select(COLUMNS)
        .from(productImages)
        .where(and(eq(productImages.id, id), isUnprepared));
      return rows.map((row) => toImage(urls, row))[0] ?? null;
    },

    async markPrepared(tx, image, variants) {
      const orm = ormOf(tx);
      const status = await lockProduct(orm, image.productId);
      const marked = await orm
        .update(productImages)
        .set({ preparedAt: sql`now()` })
        .where(and(eq(productImages.id, image.id), eq(productImages.sha256, image.sha256), isUnprepared));
      if (status === null || marked.rowCount !== 1) return 'superfluous';
      await nameVariants(orm, urls, image, variants);
      return status === 'uploading' && (await isWhole(orm, image.productId)) ? 'last' : 'marked';
    },

    async isVerified(tx, id) {
      const orm = ormOf(tx);
      return (await lockProduct(orm, id)) === 'uploading' && (await isWhole(orm, id));
    },

    async markRefused(tx, image, why) {
      const orm = ormOf(tx);
      const status = await lockProduct(orm, image.productId);
      const mark = sql`coalesce(${productImages.processingMetadata}, '{}') || jsonb_build_object('prepare_refused', ${why}::text)`;
      const marked = await orm
        .update(productImages)
        .set({ processingMetadata: mark })
        .where(and(eq(productImages.id, image.id), isUnprepared));
      if (status === null || marked.rowCount !== 1) return 'gone';
      return status === 'uploading' ? 'uploading' : 'later';
    },

    async tell(tx, id, message) {
      await ormOf(tx).execute(sql`select record_progress(${id}, null, ${message})`);
    },
  };
}

/** One that is there takes the new one's place: a scrub drops a damaged variant and leaves the other. A trigger journals what goes. */
async function nameVariants(
  orm: Orm,
  urls: StoredUrls,
  image: UnpreparedImage,
  variants: OfEachVariant<StoredVariant>,
): Promise<void> {
  const rows = VARIANT_NAMES.map((variant) => {
    const { key, sha256, sizeBytes, width, height } = variants[variant];
    const size = { fileSizeBytes: sizeBytes, resolutionWidth: width, resolutionHeight: height };
    return { imageId: image.id, variant, s3Url: urls.urlOf(key), sha256, ...size };
  });
  await orm
    .insert(imageVariants)
    .values(rows)
    .onConflictDoUpdate({
      target: [imageVariants.imageId, imageVariants.variant],
      set: {
        s3Url: sql`excluded.s3_url`,
        sha256: sql`excluded.sha256`,
        fileSizeBytes: sql`excluded.file_size_bytes`,
        resolutionWidth: sql`excluded.resolution_width`,
        resolutionHeight: sql`excluded.resolution_height`,
        createdAt: sql`excluded.created_at`,
      },
    });
}

async function readProduct(tx: Transaction, urls: StoredUrls, id: ProductId) {
  const orm = ormOf(tx);
  // Whoever adds images and finds this job queued adds no other: it must see them. A statement of its own sees what they commit.
  const [product] = await orm
    .select({ status: products.status, failedFrom: products.failedFrom })
    .from(products)
    .where(eq(products.id, id))
    .for('share');
  if (!product || product.failedFrom === 'uploading') return null;
  const rows = await orm
    .select(COLUMNS)
    .from(productImages)
    .where(and(eq(productImages.productId, id), isUnprepared, sql`not ${isRefused}`))
    .orderBy(asc(productImages.position));
  return { images: rows.map((row) => toImage(urls, row)), isUploading: product.status === 'uploading' };
}

async function lockProduct(orm: Orm, id: ProductId): Promise<string | null> {
  const [row] = await orm
    .select({ status: products.status })
    .from(products)
    .where(eq(products.id, id))
    .for('no key update');
  return row?.status ?? null;
}

/** It has images, and none of them is unprepared. */
async function isWhole(orm: Orm, id: ProductId): Promise<boolean> {
  const [row] = await orm
    .select({ whole: sql<boolean>`coalesce(bool_and(${productImages.preparedAt} is not null), false)` })
    .from(productImages)
    .where(eq(productImages.productId, id));
  return row?.whole ?? false;
}

type Row = { id: string; productId: string; position: number; url: string; sha256: string };

// What the casts claim, the table's types and CHECKs hold.
function toImage(urls: StoredUrls, { id, productId, position, url, sha256 }: Row): UnpreparedImage {
  return {
    id: id as ImageId,
    productId: productId as ProductId,
    position,
    original: urls.keyOf(url),
    sha256: sha256 as Sha256,
  };
}
