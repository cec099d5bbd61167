import { sql } from 'drizzle-orm';
import { char, check, index, inet, integer, pgTable, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core';
import { instant } from './columns';

export const users = pgTable(
  'users',
  {
    id: uuid('id').primaryKey(),
    email: varchar('email', { length: 254 }).notNull(),
    passwordHash: text('password_hash').notNull(),
    firstName: varchar('first_name', { length: 100 }),
    lastName: varchar('last_name', { length: 100 }),
    role: varchar('role', { length: 10 }).notNull().default('seller'),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('users_email_key').on(sql`lower(${table.email})`),
    check('users_role_check', sql`${table.role} in ('seller', 'worker', 'admin')`),
  ],
);

/** One login on one device: the family that all its refresh tokens belong to. */
export const sessions = pgTable(
  'sessions',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull().defaultNow(),
    lastUsedAt: instant('last_used_at').notNull().defaultNow(),
    revokedAt: instant('revoked_at'),
    ip: inet('ip'),
    userAgent: varchar('user_agent', { length: 400 }),
  },
  (table) => [
    index('sessions_user_id_idx').on(table.userId),
    // a login finds those that are one too many: behind all that have ended it would not
    index('sessions_alive_idx').on(table.userId, table.lastUsedAt, table.id).where(sql`${table.revokedAt} is null`),
  ],
);

/** Only hashes: who reads this table cannot log in with it. */
export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    tokenHash: varchar('token_hash', { length: 64 }).primaryKey(),
    sessionId: uuid('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    spentAt: instant('spent_at'),
  },
  (table) => [
    index('refresh_tokens_session_id_idx').on(table.sessionId),
    index('refresh_tokens_expires_at_idx').on(table.expiresAt),
    // by these a sweep finds the sessions that are over: behind the spent ones of living sessions it would not
    index('refresh_tokens_unspent_expires_at_idx').on(table.expiresAt).where(sql`${table.spentAt} is null`),
  ],
);

/**
 * Attempts to prove a password that failed: of each address with each email, and of each email from anywhere. The emails need not
 * exist, and are not here: the key is a hash of them.
 */
export const loginFailures = pgTable(
  'login_failures',
  {
    key: char('key', { length: 64 }).primaryKey(),
    failures: integer('failures').notNull(),
    /** Until then the next attempt waits; null where it need not. */
    blockedUntil: instant('blocked_until'),
    lastFailedAt: instant('last_failed_at').notNull(),
  },
  (table) => [
    check('login_failures_failures_check', sql`${table.failures} >= 0`),
    index('login_failures_last_failed_at_idx').on(table.lastFailedAt),
  ],
);
