import { type SQL, sql } from 'drizzle-orm';
import { sha256OfBytes } from '../../../kernel/sha256';
import type { Orm } from '../../../platform/database/database';
import { loginFailures } from '../../../platform/database/schema';
import type { LoginAttempt, LoginFailures, LoginLimits } from '../domain/login-failures';
import { networkOf } from './network';

const FIRST_WAIT_SECONDS = 1;
/** Where many have failed with one email: who does not know the password gets one try, then one a minute, then fewer. */
const FIRST_WAIT_UNDER_ATTACK_SECONDS = 60;
/** An email's count begins anew after an hour without a failure, an address's after a day: the sweep removes it then. */
const EMAIL_FORGOTTEN = sql.raw("interval '1 hour'");
const ADDRESS_FORGOTTEN = sql.raw("interval '1 day'");
/** 2^20 first waits are longer than any that can be set. */
const MOST_DOUBLINGS = 20;

/** Times are the database's: instances count together. Each method is one statement; rows are locked by it alone. */
export function postgresLoginFailures(orm: Orm, limits: LoginLimits): LoginFailures {
  return {
    begin: async (attempt) => {
      const counted = await orm.execute(countUnlessWaiting(attempt, limits));
      if (counted.rows.length > 0) return 0;
      const { rows } = await orm.execute<{ seconds: number }>(sql`
        select greatest(1, ceil(extract(epoch from blocked_until - now())))::int as seconds
        from ${loginFailures} where key = ${keyOfAddress(attempt)}`);
      return rows[0]?.seconds ?? 1;
    },
    confirm: async (attempt) => {
      await orm.execute(sql`
        insert into ${loginFailures} as f (key, failures, last_failed_at) values (${keyOfEmail(attempt)}, 1, now())
        on conflict (key) do update set last_failed_at = now(),
          failures = case when f.last_failed_at < now() - ${EMAIL_FORGOTTEN} then 1 else f.failures + 1 end`);
    },
    forget: async (attempt) => {
      await orm.execute(sql`delete from ${loginFailures} where key = ${keyOfAddress(attempt)}`);
    },
    withdraw: async (attempt) => {
      await orm.execute(sql`
        update ${loginFailures} set failures = greatest(0, failures - 1), blocked_until = null
        where key = ${keyOfAddress(attempt)}`);
    },
  };
}

/** Answers a row where it was counted, and none where it has to wait. */
function countUnlessWaiting(attempt: LoginAttempt, limits: LoginLimits): SQL {
  const isOld = sql`f.last_failed_at < now() - ${ADDRESS_FORGOTTEN}`;
  const failures = sql`case when ${isOld} then 1 else f.failures + 1 end`;
  return sql`
    with email as (select exists (
      select 1 from ${loginFailures} where key = ${keyOfEmail(attempt)} and failures >= ${limits.accountFailures}
        and last_failed_at >= now() - ${EMAIL_FORGOTTEN}) as attacked)
    insert into ${loginFailures} as f (key, failures, blocked_until, last_failed_at)
      select ${keyOfAddress(attempt)}, 1, ${waitAfter(sql`1`, limits)}, now() from email
    on conflict (key) do update set
      failures = ${failures},
      blocked_until = (select ${waitAfter(failures, limits)} from email),
      last_failed_at = now()
    where f.blocked_until is null or f.blocked_until <= now() or ${isOld}
    returning failures`;
}

/** When the next attempt may be made after so many failures: twice as long after each. Null: at once. */
function waitAfter(failures: SQL, { freeFailures, longestWaitSeconds }: LoginLimits): SQL {
  const over = sql`(${failures}) - case when email.attacked then 1 else ${freeFailures}::int end`;
  const first = sql`case when email.attacked then ${FIRST_WAIT_UNDER_ATTACK_SECONDS}::int else ${FIRST_WAIT_SECONDS}::int end`;
  return sql`case when ${over} >= 0 then
    now() + make_interval(secs => least(${longestWaitSeconds}::int, ${first} * 2 ^ least(${MOST_DOUBLINGS}::int, ${over}))) end`;
}

// Hashes: what somebody tried as an email, a password in the wrong field perhaps, is not kept.
const keyOfEmail = ({ email }: LoginAttempt) => sha256OfBytes(`email\0${email}`);
const keyOfAddress = ({ email, ip }: LoginAttempt) => sha256OfBytes(`address\0${networkOf(ip) ?? ''}\0${email}`);
