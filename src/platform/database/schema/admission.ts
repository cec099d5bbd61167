import { bigint, index, integer, pgTable, varchar } from 'drizzle-orm/pg-core';

/**
 * What clients have spent in the present window, where all instances count together. The columns and their order are
 * rate-limiter-flexible's. Unlogged, which the schema language cannot say: after a crash it is empty.
 */
export const rateLimits = pgTable(
  'rate_limits',
  {
    key: varchar('key', { length: 255 }).primaryKey(),
    points: integer('points').notNull().default(0),
    /** Milliseconds since 1970. */
    expire: bigint('expire', { mode: 'number' }),
  },
  (table) => [index('rate_limits_expire_idx').on(table.expire)],
);
