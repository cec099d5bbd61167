import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  char,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { instant } from './columns';
import { users } from './identity';
import { products } from './products';

const PHASES = sql.raw(`'processing', 'publishing'`);

/**
 * What waits for a worker, or is with one: a row for each product in `processing` or `publishing`, made and removed by a trigger on
 * products.status, so that no such product can be forgotten.
 */
export const workItems = pgTable(
  'work_items',
  {
    productId: uuid('product_id')
      .primaryKey()
      .references(() => products.id, { onDelete: 'cascade' }),
    userId: uuid('user_id').notNull(),
    phase: varchar('phase', { length: 10 }).notNull(),
    /** queued: whoever comes may take it. leased: somebody has. waiting: tried again at `due_at`. */
    state: varchar('state', { length: 8 }).notNull().default('queued'),
    /** The queue's order: each seller gets one item in every turn, so a thousand of one do not stand before the first of another. */
    turn: bigint('turn', { mode: 'number' }).notNull(),
    /** Leases that were given for it since it entered this status. */
    attempts: smallint('attempts').notNull().default(0),
    /** When a lease expires, or a waiting item may be taken; null while it is queued. */
    dueAt: instant('due_at'),
    queuedAt: instant('queued_at').notNull().defaultNow(),
  },
  (table) => [
    check('work_items_phase_check', sql`${table.phase} in (${PHASES})`),
    check('work_items_state_check', sql`${table.state} in ('queued', 'leased', 'waiting')`),
    check('work_items_due_at_check', sql`(${table.state} = 'queued') = (${table.dueAt} is null)`),
    index('work_items_queue_idx')
      .on(table.phase, table.turn, table.queuedAt, table.productId)
      .where(sql`${table.state} = 'queued'`),
    index('work_items_seller_idx').on(table.phase, table.userId, table.turn),
    /** A seller's last turn among those that came back: the next one that comes back stands behind it. */
    index('work_items_put_back_idx')
      .on(table.phase, table.userId, table.turn)
      .where(sql`${table.state} = 'queued' and ${table.attempts} > 0`),
    index('work_items_due_idx').on(table.phase, table.dueAt).where(sql`${table.state} <> 'queued'`),
  ],
);

/**
 * The last turn that a seller was given, also where nothing of it waits any more: the next is a later one. Turns of products that are
 * deleted before they come are given back. Written by triggers alone.
 */
export const workTurns = pgTable(
  'work_turns',
  {
    phase: varchar('phase', { length: 10 }).notNull(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    lastTurn: bigint('last_turn', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.phase] }),
    check('work_turns_phase_check', sql`${table.phase} in (${PHASES})`),
    index('work_turns_last_turn_idx').on(table.phase, table.lastTurn.desc()),
  ],
);

/** One worker's hold on one product, for a time. Its id is that of the intent under which it stores results. */
export const workLeases = pgTable(
  'work_leases',
  {
    id: uuid('id').primaryKey(),
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    phase: varchar('phase', { length: 10 }).notNull(),
    /** The account that claimed it, and the name that the worker gave itself. */
    holderId: uuid('holder_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    worker: varchar('worker', { length: 200 }).notNull(),
    state: varchar('state', { length: 10 }).notNull().default('live'),
    attempt: smallint('attempt').notNull(),
    leaseSeconds: integer('lease_seconds').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** What complete or fail answered, for whoever asks again. */
    answer: jsonb('answer'),
    createdAt: instant('created_at').notNull().defaultNow(),
    endedAt: instant('ended_at'),
  },
  (table) => [
    check('work_leases_phase_check', sql`${table.phase} in (${PHASES})`),
    check('work_leases_state_check', sql`${table.state} in ('live', 'completed', 'failed', 'lost')`),
    check('work_leases_ended_at_check', sql`(${table.state} = 'live') = (${table.endedAt} is null)`),
    uniqueIndex('work_leases_one_live_idx').on(table.productId).where(sql`${table.state} = 'live'`),
    index('work_leases_product_id_idx').on(table.productId),
    index('work_leases_holder_id_idx').on(table.holderId),
    /** For how long work has taken of late. */
    index('work_leases_completed_idx').on(table.phase, table.endedAt).where(sql`${table.state} = 'completed'`),
  ],
);

/** Keys for which a lease was given presigned PUTs. */
export const workResults = pgTable(
  'work_results',
  {
    key: varchar('key', { length: 500 }).primaryKey(),
    leaseId: uuid('lease_id').notNull(),
    imageId: uuid('image_id').notNull(),
    contentType: varchar('content_type', { length: 20 }).notNull(),
    fileSizeBytes: integer('file_size_bytes').notNull(),
    sha256: char('sha256', { length: 64 }).notNull(),
    putExpiresAt: instant('put_expires_at').notNull(),
    /** Another result was announced for the same image since. */
    superseded: boolean('superseded').notNull().default(false),
  },
  (table) => [
    foreignKey({
      name: 'work_results_lease_id_fk',
      columns: [table.leaseId],
      foreignColumns: [workLeases.id],
    }).onDelete('cascade'),
    check('work_results_file_size_bytes_check', sql`${table.fileSizeBytes} > 0`),
    check('work_results_sha256_check', sql`${table.sha256} ~ '^[0-9a-f]{64}$'`),
    uniqueIndex('work_results_current_idx').on(table.leaseId, table.imageId).where(sql`not ${table.superseded}`),
  ],
);

/** Spent by the first socket that shows it. Only its hash is kept. */
export const realtimeTickets = pgTable(
  'realtime_tickets',
  {
    tokenHash: char('token_hash', { length: 64 }).primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    sessionId: uuid('session_id'),
    role: text('role').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** When the access token expires that it was got with: the socket ends then. */
    tokenExpiresAt: instant('token_expires_at').notNull(),
  },
  (table) => [index('realtime_tickets_expires_at_idx').on(table.expiresAt)],
);
