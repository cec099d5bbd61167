import type { ProductId, UserId } from '../../../kernel/ids';
import type { Database } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import type { ProductEvent } from '../domain/event-message';
import type { EventLog } from '../domain/ports';

interface KeptRow {
  readonly last: string;
  readonly first: string | null;
  readonly floor: string;
}

interface EventRow {
  readonly asked: string;
  readonly user_id: UserId;
  readonly number: string;
  readonly product_id: ProductId;
  readonly type: string;
  readonly data: unknown;
  readonly at: Date;
}

// The ledger is read by the same snapshot as the oldest event: both or neither know of a commit.
const KEPT = `
  select coalesce(ledger.last_event, 0) as last, coalesce(ledger.event_floor, 0) as floor,
    (select min(number) from product_events where user_id = asked.user_id) as first
  from unnest($1::uuid[]) with ordinality as asked (user_id, place)
  left join seller_ledger ledger on ledger.user_id = asked.user_id
  order by asked.place`;

const AFTER = `
  select asked.place as asked, event.user_id, event.number, event.product_id, event.type, event.data, event.at
  from unnest($1::uuid[], $2::bigint[]) with ordinality as asked (user_id, number, place)
  cross join lateral (
    select * from product_events e where e.user_id = asked.user_id and e.number > asked.number order by e.number limit $3
  ) event
  order by asked.place, event.number`;

export function postgresEventLog(database: Database): EventLog {
  return {
    async kept(sellers) {
      const { rows } = await read(() => database.query(KEPT, [sellers]));
      return (rows as KeptRow[]).map(({ last, first, floor }) => ({
        last: Number(last),
        first: first === null ? null : Number(first),
        floor: Number(floor),
      }));
    },

    async after(wanted, limit) {
      const sellers = wanted.map(({ userId }) => userId);
      const numbers = wanted.map(({ after }) => after);
      const { rows } = await read(() => database.query(AFTER, [sellers, numbers, limit]));
      const answers: ProductEvent[][] = wanted.map(() => []);
      for (const row of rows as EventRow[]) answers[Number(row.asked) - 1]?.push(toEvent(row));
      return answers;
    },
  };
}

function toEvent(row: EventRow): ProductEvent {
  const { user_id: userId, product_id: productId, type, data, at } = row;
  return { userId, productId, number: Number(row.number), type, data, at };
}
