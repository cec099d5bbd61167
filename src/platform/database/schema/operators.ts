import { sql } from 'drizzle-orm';
import { bigserial, check, index, jsonb, pgTable, text, uuid, varchar } from 'drizzle-orm/pg-core';
import { instant } from './columns';

/**
 * What operators did, and what workers were given that sellers keep private. Rows are only ever added: a command writes one before it
 * begins and one when it has ended, both of the same act. No foreign keys: it outlives whom it tells of.
 */
export const operatorAudit = pgTable(
  'operator_audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    act: uuid('act').notNull(),
    /** This and the next are the database's own word: the application may not write them. */
    at: instant('at').notNull().defaultNow(),
    databaseLogin: text('database_login').notNull().default(sql`session_user`),
    /** Who, as the process or the token says: `user@host`, or the id of an account. */
    actor: varchar('actor', { length: 300 }).notNull(),
    source: varchar('source', { length: 5 }).notNull(),
    command: varchar('command', { length: 60 }).notNull(),
    target: varchar('target', { length: 300 }),
    /** With what arguments; secrets are left out. */
    details: jsonb('details').notNull().default({}),
    outcome: varchar('outcome', { length: 10 }).notNull(),
    error: text('error'),
  },
  (table) => [
    check('operator_audit_source_check', sql`${table.source} in ('cli', 'api')`),
    check('operator_audit_outcome_check', sql`${table.outcome} in ('begun', 'done', 'found', 'failed', 'usage')`),
    index('operator_audit_act_idx').on(table.act),
    index('operator_audit_at_idx').on(table.at),
  ],
);
