import { type SQL, sql } from 'drizzle-orm';
import type { Orm } from '../../../platform/database/database';
import {
  idempotencyKeys,
  intents,
  loginFailures,
  rateLimits,
  realtimeTickets,
  refreshTokens,
  sessions,
} from '../../../platform/database/schema';
import type { UpkeepStep } from '../domain/upkeep-step';
import { BATCH_ROWS, deleteInBatches } from './delete-in-batches';

/** Of one kind; what is left goes a minute later. */
const BATCHES_OF_A_SWEEP = 100;

/** Rows that serve nothing any more. Those that somebody works with are left for the next run. */
export function spentRows(orm: Orm, rows = BATCH_ROWS, mostLoginFailures = MOST_LOGIN_FAILURES): UpkeepStep[] {
  const step = (what: string, deletion: (rows: number) => SQL): UpkeepStep => ({
    name: what,
    run: async (signal) => {
      const deleteSome = async (limit: number) => (await orm.execute(deletion(limit))).rowCount ?? 0;
      return { [what]: await deleteInBatches(deleteSome, signal, rows, BATCHES_OF_A_SWEEP) };
    },
  });
  return [
    step('idempotency_keys', deleteIdempotencyKeys),
    step('sessions', deleteSessions),
    step('spent_tokens', deleteSpentTokens),
    step('realtime_tickets', deleteTickets),
    step('login_failures', deleteLoginFailures(mostLoginFailures)),
    step('rate_limits', deleteRateLimits),
  ];
}

/** One whose holder is at work, however long, has an open intent and stays. */
const deleteIdempotencyKeys = (rows: number) => sql`
  delete from ${idempotencyKeys} where ctid in (
    select k.ctid from ${idempotencyKeys} k
    where k.expires_at <= now() and (k.answer is not null
      or not exists (select 1 from ${intents} i where i.id = k.intent_id and i.state = 'open'))
    order by k.expires_at limit ${rows} for update of k skip locked)`;

/** A session is over when its unspent refresh token has expired, revoked or not: that one is its newest. */
const deleteSessions = (rows: number) => sql`
  delete from ${sessions} where id in (
    select s.id from ${refreshTokens} t join ${sessions} s on s.id = t.session_id
    where t.expires_at <= now() and t.spent_at is null
      and not exists (select 1 from ${refreshTokens} n where n.session_id = s.id and n.expires_at > now())
    order by t.expires_at limit ${rows} for update of s skip locked)`;

/**
 * A session has no end while it is used, and each use spends a token. One that comes again says that somebody has a copy, also for a
 * while after it has expired: whoever was robbed may be away for longer than it is good.
 * @see RFC 9700, 4.14.2; docs/adr/0090
 */
const deleteSpentTokens = (rows: number) => sql`
  delete from ${refreshTokens} where ctid in (
    select t.ctid from ${refreshTokens} t where t.expires_at <= now() - interval '30 days' and t.spent_at is not null
    order by t.expires_at limit ${rows} for update of t skip locked)`;

const deleteTickets = (rows: number) => sql`
  delete from ${realtimeTickets} where ctid in (
    select t.ctid from ${realtimeTickets} t where t.expires_at <= now()
    order by t.expires_at limit ${rows} for update of t skip locked)`;

/** Each of them cost whoever made it one slow hash; what is beyond this is a flood, and the oldest of it goes first. */
const MOST_LOGIN_FAILURES = 500_000;

/** A day after the last failure an address begins anew. */
const deleteLoginFailures = (most: number) => (rows: number) =>
  sql`
  delete from ${loginFailures} where ctid in (
    select f.ctid from ${loginFailures} f
    where f.last_failed_at <= greatest(now() - interval '1 day', coalesce(
      (select last_failed_at from ${loginFailures} order by last_failed_at desc offset ${most} limit 1), '-infinity'))
    order by f.last_failed_at limit ${rows} for update of f skip locked)`;

const deleteRateLimits = (rows: number) => sql`
  delete from ${rateLimits} where ctid in (
    select r.ctid from ${rateLimits} r where r.expire <= extract(epoch from now()) * 1000
    order by r.expire limit ${rows} for update of r skip locked)`;
