import { sql } from 'drizzle-orm';
import type { Orm } from '../../../../platform/database/database';
import { workItems, workLeases } from '../../../../platform/database/schema';
import type { FactsOfQueue } from '../../domain/work/processing-time';

/** Behind so many it does not matter how many there are. */
const COUNTED = 100_000;
/** Completed ones whose time is told of, and how old they may be: other workers, or another model, may be at work since. */
const RECENT = 50;
const RECENT_HOURS = 24;

export const queueFacts =
  (orm: Orm): FactsOfQueue =>
  async (phase) => {
    const { rows } = await orm.execute<{ ahead: number; in_hand: number; average: number | null }>(sql`
      select
        (select count(*)::int from (select 1 from ${workItems} where phase = ${phase} limit ${COUNTED}) as items) as ahead,
        (select count(*)::int from ${workItems}
          where phase = ${phase} and state <> 'queued' and state = 'leased' and due_at > now()) as in_hand,
        (select avg(extract(epoch from ended_at - created_at))::float8 from (
          select ended_at, created_at from ${workLeases}
          where phase = ${phase} and state = 'completed' and ended_at > now() - make_interval(hours => ${RECENT_HOURS})
          order by ended_at desc limit ${RECENT}) as recent) as average`);
    const [row] = rows;
    return { ahead: row?.ahead ?? 0, inHand: row?.in_hand ?? 0, averageSeconds: row?.average ?? null };
  };
