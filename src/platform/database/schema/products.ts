import { desc, sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  char,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { instant } from './columns';
import { users } from './identity';

const STATUSES = sql.raw(`'uploading', 'processing', 'ready', 'publishing', 'published', 'failed'`);

export const products = pgTable(
  'products',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    status: varchar('status', { length: 20 }).notNull().default('uploading'),
    promptText: text('prompt_text').notNull(),
    /** Kept by triggers on product_images. */
    imageCount: integer('image_count').notNull().default(0),
    imageBytes: bigint('image_bytes', { mode: 'number' }).notNull().default(0),
    failedFrom: varchar('failed_from', { length: 20 }),
    processingStartedAt: instant('processing_started_at'),
    processingCompletedAt: instant('processing_completed_at'),
    processingError: text('processing_error'),
    /** Neither retention nor anybody else deletes it. */
    legalHold: boolean('legal_hold').notNull().default(false),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check('products_status_check', sql`${table.status} in (${STATUSES})`),
    check('products_failed_from_check', sql`(${table.status} = 'failed') = (${table.failedFrom} is not null)`),
    check('products_prompt_text_check', sql`char_length(${table.promptText}) between 10 and 500`),
    index('products_user_id_created_at_id_idx').on(table.userId, desc(table.createdAt), desc(table.id)),
    index('products_user_id_status_created_at_id_idx').on(
      table.userId,
      table.status,
      desc(table.createdAt),
      desc(table.id),
    ),
    index('products_status_created_at_idx').on(table.status, table.createdAt),
  ],
);

export const productImages = pgTable(
  'product_images',
  {
    id: uuid('id').primaryKey(),
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    /** `s3://bucket/key`, for the disk store too. */
    originalS3Url: varchar('original_s3_url', { length: 500 }).notNull(),
    processedS3Url: varchar('processed_s3_url', { length: 500 }),
    /** Of the processed image, as it was announced and found to be; null where nobody has written it down. */
    processedSha256: char('processed_sha256', { length: 64 }),
    processedFileSizeBytes: integer('processed_file_size_bytes'),
    sha256: char('sha256', { length: 64 }).notNull(),
    fileSizeBytes: integer('file_size_bytes').notNull(),
    fileFormat: varchar('file_format', { length: 10 }).notNull(),
    resolutionWidth: integer('resolution_width').notNull(),
    resolutionHeight: integer('resolution_height').notNull(),
    position: smallint('position').notNull(),
    isPrimary: boolean('is_primary').notNull().default(false),
    processingMetadata: jsonb('processing_metadata'),
    /** When the last presigned PUT of the original's key expires: until then a deletion has to be repeated. Null: there was none. */
    putExpiresAt: instant('put_expires_at'),
    uploadedAt: instant('uploaded_at').notNull().defaultNow(),
    processedAt: instant('processed_at'),
    /** When it was decoded whole and its variants were stored; null until then. */
    preparedAt: instant('prepared_at'),
    /** When its stored bytes were found not to be those that were sent, or gone; null where nothing is known to be wrong. */
    damagedAt: instant('damaged_at'),
  },
  (table) => [
    check('product_images_file_size_bytes_check', sql`${table.fileSizeBytes} > 0`),
    check('product_images_file_format_check', sql`${table.fileFormat} in ('jpeg', 'png')`),
    check('product_images_resolution_check', sql`${table.resolutionWidth} > 0 and ${table.resolutionHeight} > 0`),
    check('product_images_position_check', sql`${table.position} >= 0`),
    check('product_images_sha256_check', sql`${table.sha256} ~ '^[0-9a-f]{64}$'`),
    check('product_images_processed_sha256_check', sql`${table.processedSha256} ~ '^[0-9a-f]{64}$'`),
    check('product_images_processed_file_size_bytes_check', sql`${table.processedFileSizeBytes} > 0`),
    check('product_images_original_s3_url_check', sql`${table.originalS3Url} ~ '^s3://[^/]+/.+$'`),
    // Positions are swapped within one statement when the images are put in a new order: the constraint is made
    // deferrable by the migration that follows, which the schema language cannot say.
    unique('product_images_product_id_position_key').on(table.productId, table.position),
    uniqueIndex('product_images_one_primary_idx').on(table.productId).where(sql`${table.isPrimary}`),
    index('product_images_unprepared_idx').on(table.productId).where(sql`${table.preparedAt} is null`),
    index('product_images_damaged_idx').on(table.productId).where(sql`${table.damagedAt} is not null`),
    index('product_images_processed_s3_url_idx')
      .on(sql`${table.processedS3Url} collate "C"`)
      .where(sql`${table.processedS3Url} is not null`),
    index('product_images_original_s3_url_idx').on(sql`${table.originalS3Url} collate "C"`),
  ],
);

export const imageVariants = pgTable(
  'image_variants',
  {
    imageId: uuid('image_id')
      .notNull()
      .references(() => productImages.id, { onDelete: 'cascade' }),
    variant: varchar('variant', { length: 10 }).notNull(),
    s3Url: varchar('s3_url', { length: 500 }).notNull(),
    sha256: char('sha256', { length: 64 }).notNull(),
    fileSizeBytes: integer('file_size_bytes').notNull(),
    resolutionWidth: integer('resolution_width').notNull(),
    resolutionHeight: integer('resolution_height').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.imageId, table.variant] }),
    check('image_variants_variant_check', sql`${table.variant} in ('thumb', 'model')`),
    index('image_variants_s3_url_idx').on(sql`${table.s3Url} collate "C"`),
  ],
);
