import { JOBS_SCHEMA } from './install';

/** Behind so many it does not matter how many there are. */
const COUNTED = 100_000;
/**
 * Jobs whose time is told of: the last ones of an hour. pg-boss deletes what has ended once a day, and yesterday's may have met other
 * photos.
 */
const RECENT = 50;

const FACTS = `
  select
    (select count(*)::int from (select 1 from ${JOBS_SCHEMA}.job
      where name = 'prepare' and state <= 'active' and policy = 'stately' limit ${COUNTED}) as jobs) as ahead,
    (select count(*)::int from ${JOBS_SCHEMA}.job where name = 'prepare' and state = 'active' and policy = 'stately') as in_hand,
    (select avg(extract(epoch from completed_on - started_on))::float8 from (
      select completed_on, started_on from ${JOBS_SCHEMA}.job
      where name = 'prepare' and state = 'completed' and completed_on > now() - interval '1 hour'
      order by completed_on desc limit ${RECENT}) as recent) as average`;

interface Row {
  readonly ahead: number;
  readonly in_hand: number;
  readonly average: number | null;
}

/** The queue of what is to be decoded, over all instances. By pg-boss's own indexes (`job_i3`, `job_i16`). */
export async function prepareQueueFacts(query: (text: string) => Promise<{ rows: unknown[] }>) {
  const [row] = (await query(FACTS)).rows as Row[];
  return { ahead: row?.ahead ?? 0, inHand: row?.in_hand ?? 0, averageSeconds: row?.average ?? null };
}
