import { Client } from 'pg';

/** Whatever is queued is not to be fetched: its time has not come. Set as the row is written, so that no worker can be sooner. */
const HOLD = `
  create or replace function pgboss.hold_prepare() returns trigger language plpgsql as $$
    begin new.start_after := now() + interval '1 day'; return new; end $$;
  create or replace trigger hold_prepare before insert on pgboss.job for each row
    when (new.name = 'prepare') execute function pgboss.hold_prepare()`;
const LET_GO = 'drop trigger hold_prepare on pgboss.job';

/** Looks into the app's database and holds its queue back, past the app. */
export async function queueControl(superuserUrl: string) {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  const count = async (sql: string) => Number((await client.query<{ n: string }>(sql)).rows[0]?.n);
  const waiting = () => count("select count(*) as n from pgboss.job where name = 'prepare' and state <= 'active'");
  return {
    /** Queued or under way. */
    waiting,
    prepared: () => count('select count(*) as n from product_images where prepared_at is not null'),
    /** What is queued while this runs is not taken before `resume`. */
    async held<Result>(work: () => Promise<Result>): Promise<Result> {
      await client.query(HOLD);
      try {
        return await work();
      } finally {
        await client.query(LET_GO);
      }
    },
    resume: () => client.query("update pgboss.job set start_after = now() where name = 'prepare' and state < 'active'"),
    /** Forgets what waits; returns when nothing is under way any more. */
    async clear(): Promise<void> {
      for (;;) {
        await client.query("delete from pgboss.job where name = 'prepare' and state < 'active'");
        if ((await waiting()) === 0) return;
        await Bun.sleep(20);
      }
    },
    stop: () => client.end(),
  };
}

export type QueueControl = Awaited<ReturnType<typeof queueControl>>;
