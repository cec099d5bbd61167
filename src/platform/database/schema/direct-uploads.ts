import { sql } from 'drizzle-orm';
import {
  boolean,
  char,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { instant } from './columns';
import { users } from './identity';

/**
 * What a seller has announced and not completed yet. A row lives as long as its intent is open: triggers remove it with the intent,
 * and claim the intent for draining when the row goes with its seller.
 */
export const directUploads = pgTable(
  'direct_uploads',
  {
    /** The id of the product that completion will make. */
    productId: uuid('product_id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    intentId: uuid('intent_id').notNull(),
    promptText: text('prompt_text').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    check('direct_uploads_prompt_text_check', sql`char_length(${table.promptText}) between 10 and 500`),
    uniqueIndex('direct_uploads_intent_id_idx').on(table.intentId),
    index('direct_uploads_user_id_idx').on(table.userId),
  ],
);

export const directUploadImages = pgTable(
  'direct_upload_images',
  {
    imageId: uuid('image_id').primaryKey(),
    productId: uuid('product_id')
      .notNull()
      .references(() => directUploads.productId, { onDelete: 'cascade' }),
    position: smallint('position').notNull(),
    isPrimary: boolean('is_primary').notNull(),
    contentType: varchar('content_type', { length: 20 }).notNull(),
    fileSizeBytes: integer('file_size_bytes').notNull(),
    sha256: char('sha256', { length: 64 }).notNull(),
    /** Where the announced bytes are to be put; another announcement gets another key. */
    key: varchar('key', { length: 500 }).notNull(),
    /** When the last presigned PUT that was issued for the key expires. */
    putExpiresAt: instant('put_expires_at').notNull(),
  },
  (table) => [
    check('direct_upload_images_content_type_check', sql`${table.contentType} in ('image/jpeg', 'image/png')`),
    check('direct_upload_images_file_size_bytes_check', sql`${table.fileSizeBytes} > 0`),
    check('direct_upload_images_sha256_check', sql`${table.sha256} ~ '^[0-9a-f]{64}$'`),
    unique('direct_upload_images_product_id_position_key').on(table.productId, table.position),
    uniqueIndex('direct_upload_images_one_primary_idx').on(table.productId).where(sql`${table.isPrimary}`),
  ],
);

/** Keys that no image has any more since another photo was announced for it; their deletion is journalled at completion. */
export const directUploadSuperseded = pgTable(
  'direct_upload_superseded',
  {
    key: varchar('key', { length: 500 }).primaryKey(),
    productId: uuid('product_id').notNull(),
    putExpiresAt: instant('put_expires_at').notNull(),
  },
  (table) => [
    // Named here: the name that is made by itself is longer than PostgreSQL's 63 characters.
    foreignKey({
      name: 'direct_upload_superseded_product_id_fk',
      columns: [table.productId],
      foreignColumns: [directUploads.productId],
    }).onDelete('cascade'),
    index('direct_upload_superseded_product_id_idx').on(table.productId),
  ],
);
