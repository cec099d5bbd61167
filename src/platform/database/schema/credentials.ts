import { sql } from 'drizzle-orm';
import { check, customType, index, pgTable, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core';
import { instant } from './columns';
import { users } from './identity';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** What sellers' accounts elsewhere are reached with, encrypted: who reads this table, or a copy of it, has nothing. */
export const sellerCredentials = pgTable(
  'seller_credentials',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    provider: varchar('provider', { length: 20 }).notNull(),
    /** Which key encryption key wrapped the data key: derived from that key, and no secret. */
    keyId: varchar('key_id', { length: 16 }).notNull(),
    wrappedKey: bytea('wrapped_key').notNull(),
    sealed: bytea('sealed').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.provider] }),
    check('seller_credentials_provider_check', sql`${table.provider} in ('mercadolibre')`),
    index('seller_credentials_key_id_idx').on(table.keyId),
  ],
);
