import {
  bigint,
  bigserial,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { instant } from './columns';
import { users } from './identity';
import { products } from './products';

/** Written by a trigger on products, never by the application: no change of status without its line. */
export const productStatusHistory = pgTable(
  'product_status_history',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    fromStatus: varchar('from_status', { length: 20 }),
    toStatus: varchar('to_status', { length: 20 }).notNull(),
    event: varchar('event', { length: 20 }).notNull(),
    actor: text('actor').notNull(),
    reason: text('reason'),
    at: instant('at').notNull().defaultNow(),
  },
  (table) => [
    index('product_status_history_product_id_idx').on(table.productId, table.id),
    index('product_status_history_at_idx').on(table.at),
  ],
);

/** Exact counts of one seller and the number of the last event; its row lock puts a seller's events in commit order. */
export const sellerLedger = pgTable('seller_ledger', {
  userId: uuid('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  uploading: integer('uploading').notNull().default(0),
  processing: integer('processing').notNull().default(0),
  ready: integer('ready').notNull().default(0),
  publishing: integer('publishing').notNull().default(0),
  published: integer('published').notNull().default(0),
  failed: integer('failed').notNull().default(0),
  imageBytes: bigint('image_bytes', { mode: 'number' }).notNull().default(0),
  lastEvent: bigint('last_event', { mode: 'number' }).notNull().default(0),
  /** Numbers below it were given before a restore, and again to other events in what the restore has undone. */
  eventFloor: bigint('event_floor', { mode: 'number' }).notNull().default(0),
});

/** The outbox: what a seller is to be told, numbered per seller without gaps. */
export const productEvents = pgTable(
  'product_events',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    number: bigint('number', { mode: 'number' }).notNull(),
    productId: uuid('product_id').notNull(),
    type: varchar('type', { length: 30 }).notNull(),
    data: jsonb('data').notNull(),
    at: instant('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.number] }), index('product_events_at_idx').on(table.at)],
);
