import { eq, inArray, sql } from 'drizzle-orm';
import type { AttemptId, ImageId, ProductId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { Sha256 } from '../../../kernel/sha256';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { ofLivingAccount } from '../../../platform/database/of-living-account';
import { runPrepared } from '../../../platform/database/prepared';
import { read } from '../../../platform/database/read';
import { directUploadImages, directUploadSuperseded, intents } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { DirectImage, DirectUpload } from '../domain/direct-upload';
import type { DirectUploads, OpenUploads } from '../domain/direct-upload-ports';
import type { Prompt } from '../domain/prompt';
import {
  COUNT_OPEN,
  FIND_OPEN,
  INSERT_UPLOAD,
  LOCK_ACCOUNT,
  LOCK_ACCOUNT_AGAINST_ANNOUNCEMENTS,
  LOCK_OPEN_INTENT,
  type UploadedImageRow,
} from './direct-upload-statements';

export function postgresDirectUploads(orm: Orm): DirectUploads {
  return {
    find: (seller, id) => read(() => findUpload(orm, seller, id)),
    countOpen,
    insert,
    lock,

    async countReplaced(tx, { productId }) {
      return ormOf(tx).$count(directUploadSuperseded, eq(directUploadSuperseded.productId, productId));
    },

    async replace(tx, images) {
      const current = ormOf(tx)
        .select({
          key: directUploadImages.key,
          productId: directUploadImages.productId,
          putExpiresAt: directUploadImages.putExpiresAt,
        })
        .from(directUploadImages)
        .where(isOneOf(images));
      await ormOf(tx).insert(directUploadSuperseded).select(current);
      for (const { id, contentType, sizeBytes, sha256, key, putExpiresAt } of images) {
        await ormOf(tx)
          .update(directUploadImages)
          .set({ contentType, fileSizeBytes: sizeBytes, sha256, key, putExpiresAt })
          .where(eq(directUploadImages.imageId, id));
      }
    },

    async extendPuts(tx, { intentId }, images, until) {
      const orm = ormOf(tx);
      const instant = sql`${until.toISOString()}::timestamptz`;
      await orm
        .update(intents)
        .set({ putExpiresAt: sql`greatest(${intents.putExpiresAt}, ${instant})` })
        .where(eq(intents.id, intentId));
      await orm
        .update(directUploadImages)
        .set({ putExpiresAt: sql`greatest(${directUploadImages.putExpiresAt}, ${instant})` })
        .where(isOneOf(images));
    },
  };
}

const isOneOf = (images: readonly DirectImage[]) =>
  inArray(
    directUploadImages.imageId,
    images.map(({ id }) => id),
  );

async function countOpen(tx: Transaction, seller: Seller, besides?: ProductId): Promise<OpenUploads> {
  const orm = ormOf(tx);
  await runPrepared(orm, LOCK_ACCOUNT_AGAINST_ANNOUNCEMENTS, [seller.userId]);
  const { rows } = await runPrepared<OpenUploads>(orm, COUNT_OPEN, [seller.userId, besides ?? null]);
  return rows[0] ?? { uploads: 0, bytes: 0 };
}

async function insert(tx: Transaction, seller: Seller, upload: DirectUpload): Promise<void> {
  const { productId, intentId, prompt } = upload;
  const images = upload.images.map((image) => ({
    image_id: image.id,
    position: image.position,
    is_primary: image.isPrimary,
    content_type: image.contentType,
    file_size_bytes: image.sizeBytes,
    sha256: image.sha256,
    key: image.key,
    put_expires_at: image.putExpiresAt,
  }));
  const values = [productId, seller.userId, intentId, prompt, JSON.stringify(images)];
  await ofLivingAccount(() => runPrepared(ormOf(tx), INSERT_UPLOAD, values));
}

/**
 * The seller's row first: its removal takes that lock, then the uploads', then their intents'. Without it two that come at once
 * would wait for each other crosswise.
 */
async function lock(tx: Transaction, seller: Seller, id: ProductId): Promise<DirectUpload | null> {
  const orm = ormOf(tx);
  await runPrepared(orm, LOCK_ACCOUNT, [seller.userId]);
  const { rowCount } = await runPrepared(orm, LOCK_OPEN_INTENT, [id, seller.userId]);
  // A statement of its own: it sees what the transactions before this one have committed.
  return rowCount === 1 ? findUpload(orm, seller, id) : null;
}

async function findUpload(orm: Orm, seller: Seller, id: ProductId): Promise<DirectUpload | null> {
  const { rows } = await runPrepared<UploadedImageRow>(orm, FIND_OPEN, [id, seller.userId]);
  const [first] = rows;
  if (!first) return null;
  return {
    productId: id,
    intentId: first.intentId as AttemptId,
    prompt: first.promptText as Prompt,
    images: rows.map(toImage),
  };
}

// What the casts claim, the tables' CHECKs hold, and that nobody else writes them.
function toImage({ imageId, contentType, fileSizeBytes, sha256, key, ...row }: UploadedImageRow): DirectImage {
  const { position, isPrimary, putExpiresAt } = row;
  return {
    id: imageId as ImageId,
    position,
    isPrimary,
    contentType: contentType as DirectImage['contentType'],
    sizeBytes: fileSizeBytes,
    sha256: sha256 as Sha256,
    key: key as ObjectKey,
    putExpiresAt,
  };
}
