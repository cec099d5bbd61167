import { sql } from 'drizzle-orm';
import { char, check, index, pgTable, uuid, varchar } from 'drizzle-orm/pg-core';
import { instant } from './columns';

/**
 * While a row lives, an object that is deleted is kept aside for the backup first: written before the backup's snapshot, and renewed
 * while it copies what the snapshot names. A row that nobody renews is removed by whoever deletes next.
 */
export const backupPins = pgTable(
  'backup_pins',
  {
    backupId: uuid('backup_id').primaryKey(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index('backup_pins_expires_at_idx').on(table.expiresAt)],
);

/** The digests of objects whose rows tell none, so that each is read for one backup only: what is under a key never changes. */
export const backupDigests = pgTable(
  'backup_digests',
  {
    url: varchar('url', { length: 500 }).primaryKey(),
    sha256: char('sha256', { length: 64 }).notNull(),
  },
  (table) => [check('backup_digests_sha256_check', sql`${table.sha256} ~ '^[0-9a-f]{64}$'`)],
);
