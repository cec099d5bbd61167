import { sql } from 'drizzle-orm';
import { char, check, index, jsonb, pgTable, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core';
import { instant } from './columns';
import { users } from './identity';

/**
 * The journal of keys that may hold objects without a row: written before the first object, gone with the commit that names them.
 * No foreign keys: an intent outlives its product and its seller.
 */
export const intents = pgTable(
  'intents',
  {
    id: uuid('id').primaryKey(),
    kind: varchar('kind', { length: 20 }).notNull(),
    productId: uuid('product_id'),
    /** A folder of keys that ends with `/`, or one whole key. */
    prefix: varchar('prefix', { length: 1024 }).notNull(),
    state: varchar('state', { length: 10 }).notNull().default('open'),
    expiresAt: instant('expires_at').notNull(),
    /** When the last presigned PUT that was issued for it expires. */
    putExpiresAt: instant('put_expires_at'),
    tombstoneUntil: instant('tombstone_until'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    check('intents_state_check', sql`${table.state} in ('open', 'draining', 'tombstone')`),
    check('intents_tombstone_check', sql`(${table.state} = 'tombstone') = (${table.tombstoneUntil} is not null)`),
    index('intents_state_expires_at_idx').on(table.state, table.expiresAt),
    index('intents_prefix_idx').on(sql`${table.prefix} collate "C"`),
  ],
);

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    procedure: varchar('procedure', { length: 60 }).notNull(),
    key: varchar('key', { length: 255 }).notNull(),
    /** The holder's intent: the holder lives while it is open and not expired. */
    intentId: uuid('intent_id').notNull(),
    /** Both null while the holder works; set by its commit. */
    fingerprint: char('fingerprint', { length: 64 }),
    answer: jsonb('answer'),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.procedure, table.key] }),
    check('idempotency_keys_done_check', sql`(${table.answer} is null) = (${table.fingerprint} is null)`),
    index('idempotency_keys_expires_at_idx').on(table.expiresAt),
  ],
);
