import { and, asc, countDistinct, eq, gt, inArray, sql } from 'drizzle-orm';
import { AppError } from '../../../kernel/app-error';
import type { AttemptId, ImageId, ProductId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Seller } from '../../../kernel/principal';
import type { Sha256 } from '../../../kernel/sha256';
import type { Transaction } from '../../../kernel/transaction';
import type { Orm } from '../../../platform/database/database';
import { databaseFault } from '../../../platform/database/faults';
import { read } from '../../../platform/database/read';
import {
  directUploadImages,
  directUploadSuperseded,
  directUploads,
  intents,
  users,
} from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { DirectImage, DirectUpload } from '../domain/direct-upload';
import type { DirectUploads, OpenUploads } from '../domain/direct-upload-ports';
import type { Prompt } from '../domain/prompt';

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

/** Its lock lets other changes of the seller's uploads pass, which only share the row's key. */
async function countOpen(tx: Transaction, seller: Seller): Promise<OpenUploads> {
  const orm = ormOf(tx);
  await orm.select({ id: users.id }).from(users).where(eq(users.id, seller.userId)).for('no key update');
  const [row] = await orm
    .select({
      uploads: countDistinct(directUploads.productId),
      bytes: sql`coalesce(sum(${directUploadImages.fileSizeBytes}), 0)`.mapWith(Number),
    })
    .from(directUploads)
    .innerJoin(intents, eq(intents.id, directUploads.intentId))
    .innerJoin(directUploadImages, eq(directUploadImages.productId, directUploads.productId))
    .where(and(eq(directUploads.userId, seller.userId), eq(intents.state, 'open'), gt(intents.expiresAt, sql`now()`)));
  return row ?? { uploads: 0, bytes: 0 };
}

async function insert(tx: Transaction, seller: Seller, upload: DirectUpload): Promise<void> {
  const orm = ormOf(tx);
  const { productId, intentId, prompt, images } = upload;
  try {
    await orm.insert(directUploads).values({ productId, userId: seller.userId, intentId, promptText: prompt });
  } catch (error) {
    if (databaseFault(error).kind !== 'foreign-key') throw error;
    throw new AppError('UNAUTHENTICATED', 'This account is gone.', { cause: error });
  }
  await orm
    .insert(directUploadImages)
    .values(
      images.map(({ id, sizeBytes, ...rest }) => ({ ...rest, imageId: id, productId, fileSizeBytes: sizeBytes })),
    );
}

/**
 * The seller's row first: its removal takes that lock, then the uploads', then their intents'. Without it two that come at once
 * would wait for each other crosswise.
 */
async function lock(tx: Transaction, seller: Seller, id: ProductId): Promise<DirectUpload | null> {
  const orm = ormOf(tx);
  await orm.select({ id: users.id }).from(users).where(eq(users.id, seller.userId)).for('key share');
  const locked = await orm
    .select({ id: intents.id })
    .from(directUploads)
    .innerJoin(intents, eq(intents.id, directUploads.intentId))
    .where(isOpenUploadOf(seller, id))
    .for('update', { of: intents });
  // A statement of its own: it sees what the transactions before this one have committed.
  return locked.length === 1 ? findUpload(orm, seller, id) : null;
}

const isOpenUploadOf = (seller: Seller, id: ProductId) =>
  and(eq(directUploads.productId, id), eq(directUploads.userId, seller.userId), eq(intents.state, 'open'));

async function findUpload(orm: Orm, seller: Seller, id: ProductId): Promise<DirectUpload | null> {
  const rows = await orm
    .select({ upload: directUploads, image: directUploadImages })
    .from(directUploads)
    .innerJoin(intents, eq(intents.id, directUploads.intentId))
    .innerJoin(directUploadImages, eq(directUploadImages.productId, directUploads.productId))
    .where(isOpenUploadOf(seller, id))
    .orderBy(asc(directUploadImages.position));
  const [first] = rows;
  return first
    ? toUpload(
        first.upload,
        rows.map(({ image }) => image),
      )
    : null;
}

// What the casts claim, the tables' CHECKs hold, and that nobody else writes them.
function toUpload(
  row: typeof directUploads.$inferSelect,
  images: readonly (typeof directUploadImages.$inferSelect)[],
): DirectUpload {
  return {
    productId: row.productId as ProductId,
    intentId: row.intentId as AttemptId,
    prompt: row.promptText as Prompt,
    images: images.map(({ imageId, productId: _, fileSizeBytes, contentType, sha256, key, ...rest }) => ({
      ...rest,
      id: imageId as ImageId,
      contentType: contentType as DirectImage['contentType'],
      sizeBytes: fileSizeBytes,
      sha256: sha256 as Sha256,
      key: key as ObjectKey,
    })),
  };
}
