import { type SQL, sql } from 'drizzle-orm';
import type { Orm } from '../../../platform/database/database';
import {
  auditFindings,
  maintenanceRuns,
  operatorAudit,
  productEvents,
  productStatusHistory,
  products,
  workLeases,
} from '../../../platform/database/schema';
import type { RetentionStep } from '../domain/upkeep-step';
import { BATCH_ROWS, deleteInBatches } from './delete-in-batches';

/** Ages in days; 0: kept for ever. */
export interface RetentionAges {
  readonly failedProducts: number;
  readonly history: number;
  readonly events: number;
  readonly runs: number;
  readonly operatorAudit: number;
}

/** A product takes its images, history and leases with it. */
const PRODUCTS_AT_ONCE = 50;

/** What has an age, in this database: each run deletes all of it, however much there is. */
export function postgresRetained(orm: Orm, ages: RetentionAges, rows = BATCH_ROWS): RetentionStep[] {
  const step = (what: string, days: number, queries: Queries, atOnce = rows): RetentionStep => ({
    name: what,
    ageDays: days === 0 ? null : days,
    run: async (signal) => {
      const deleteSome = (limit: number) => numberOf(orm, queries.deleteSome(age(days), limit));
      return { [what]: await deleteInBatches(deleteSome, signal, atOnce) };
    },
    preview: async () => ({ [what]: await numberOf(orm, queries.count(age(days))) }),
  });
  return [
    step('failed_products', ages.failedProducts, FAILED_PRODUCTS, Math.min(rows, PRODUCTS_AT_ONCE)),
    step('history', ages.history, HISTORY),
    step('events', ages.events, EVENTS),
    step('findings', ages.runs, FINDINGS),
    step('runs', ages.runs, RUNS),
    step('leases', ages.runs, LEASES),
    step('operator_audit', ages.operatorAudit, OPERATOR_AUDIT),
  ];
}

interface Queries {
  /** Both answer one row with `n`. */
  deleteSome(age: SQL, limit: number): SQL;
  count(age: SQL): SQL;
}

const age = (days: number) => sql`make_interval(days => ${days}::int)`;

async function numberOf(orm: Orm, query: SQL): Promise<number> {
  const { rows } = await orm.execute<{ n: number }>(query);
  return rows[0]?.n ?? 0;
}

const failedFor = (age: SQL) => sql`p.status = 'failed' and p.updated_at < now() - ${age} and not p.legal_hold`;

/** The row is locked and looked at again before it goes: one that was retried or put under hold meanwhile stays. */
const FAILED_PRODUCTS: Queries = {
  deleteSome: (age, limit) => sql`
    with gone as (
      delete from ${products} where id in (
        select p.id from ${products} p where ${failedFor(age)} order by p.user_id, p.id limit ${limit} for update skip locked)
      returning 1)
    select count(*)::int as n from gone`,
  count: (age) => sql`select count(*)::int as n from ${products} p where ${failedFor(age)}`,
};

/** The application may not delete these rows: the functions are drizzle/0007_upkeep_rules.sql. */
const HISTORY: Queries = {
  deleteSome: (age, limit) => sql`select forget_history(${age}, ${limit})::int as n`,
  count: (age) => sql`select count(*)::int as n from ${productStatusHistory} h join ${products} p on p.id = h.product_id
    where h.at < now() - ${age} and not p.legal_hold`,
};

const EVENTS: Queries = {
  deleteSome: (age, limit) => sql`select forget_events(${age}, ${limit})::int as n`,
  count: (age) => sql`select count(*)::int as n from ${productEvents} where at < now() - ${age}`,
};

/**
 * The last run of a task stays: the next one goes on from it, and /metrics tells of it. So does the last that ended as it did, by which
 * alarms see how long ago that was; what only looked is no successor of what did something. So does one whose findings another goes on with,
 * until that has gone.
 */
const oldRuns = (age: SQL) => sql`r.started_at < now() - ${age}
  and exists (select 1 from ${maintenanceRuns} later where later.task = r.task and later.started_at > r.started_at)
  and exists (
    select 1 from ${maintenanceRuns} later where later.task = r.task and later.outcome is not distinct from r.outcome
      and later.started_at > r.started_at and (r.dry_run or not later.dry_run))
  and not exists (select 1 from ${maintenanceRuns} heir where heir.findings_run_id = r.id)`;

/** Before their runs, which would take all of theirs with them in one statement. */
const FINDINGS: Queries = {
  deleteSome: (age, limit) => sql`
    with gone as (
      delete from ${auditFindings} where ctid in (
        select f.ctid from ${maintenanceRuns} r join ${auditFindings} f on f.run_id = r.id where ${oldRuns(age)} limit ${limit})
      returning 1)
    select count(*)::int as n from gone`,
  count: (age) => sql`select count(*)::int as n from ${auditFindings} f where f.run_id in (
    select r.id from ${maintenanceRuns} r where ${oldRuns(age)})`,
};

const RUNS: Queries = {
  deleteSome: (age, limit) => sql`
    with gone as (
      delete from ${maintenanceRuns} where id in (
        select r.id from ${maintenanceRuns} r where ${oldRuns(age)} order by r.id limit ${limit})
      returning 1)
    select count(*)::int as n from gone`,
  count: (age) => sql`select count(*)::int as n from ${maintenanceRuns} r where ${oldRuns(age)}`,
};

/** Those that came to nothing. A completed one is kept with its product: whoever asks again gets the same answer. */
const cameToNothing = (age: SQL) => sql`l.state in ('lost', 'failed') and l.ended_at < now() - ${age}`;

const LEASES: Queries = {
  deleteSome: (age, limit) => sql`
    with gone as (
      delete from ${workLeases} where id in (
        select l.id from ${workLeases} l where ${cameToNothing(age)} order by l.id limit ${limit} for update skip locked)
      returning 1)
    select count(*)::int as n from gone`,
  count: (age) => sql`select count(*)::int as n from ${workLeases} l where ${cameToNothing(age)}`,
};

/** The function leaves what is younger than 90 days, whatever the age: the migration accounts_and_secrets_rules. */
const OPERATOR_AUDIT: Queries = {
  deleteSome: (age, limit) => sql`select forget_operator_audit(${age}, ${limit})::int as n`,
  count: (age) => sql`select count(*)::int as n from ${operatorAudit}
    where at < now() - greatest(${age}, interval '90 days')`,
};
