import { Client } from 'pg';

/** Looks into the app's database and holds its queue back, past the app. */
export async function queueControl(superuserUrl: string) {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  const count = async (sql: string) => Number((await client.query<{ n: string }>(sql)).rows[0]?.n);
  const waiting = () => count("select count(*) as n from pgboss.job where name = 'prepare' and state <= 'active'");
  const active = () => count("select count(*) as n from pgboss.job where name = 'prepare' and state = 'active'");
  const startAfter = (when: string) =>
    client.query(`update pgboss.job set start_after = ${when} where name = 'prepare' and state < 'active'`);
  return {
    waiting,
    prepared: () => count('select count(*) as n from product_images where prepared_at is not null'),
    /** Nothing is taken from the queue while this runs. */
    async held<Result>(work: Promise<Result>): Promise<Result> {
      return await meanwhile(work, () => startAfter("now() + interval '1 day'"));
    },
    /** The queue is forgotten again and again while this runs. */
    async emptied<Result>(work: Promise<Result>): Promise<Result> {
      return await meanwhile(work, () =>
        client.query("delete from pgboss.job where name = 'prepare' and state < 'active'"),
      );
    },
    /** What is queued waits until `resume`; returns when nothing is under way any more. */
    async hold(): Promise<void> {
      for (;;) {
        await startAfter("now() + interval '1 day'");
        if ((await active()) === 0) return;
        await Bun.sleep(20);
      }
    },
    resume: () => startAfter('now()'),
    /** Forgets what waits. */
    empty: () => client.query("delete from pgboss.job where name = 'prepare' and state < 'active'"),
    stop: () => client.end(),
  };
}

async function meanwhile<Result>(work: Promise<Result>, step: () => Promise<unknown>): Promise<Result> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await step();
    await Bun.sleep(20);
  }
  return done;
}

export type QueueControl = Awaited<ReturnType<typeof queueControl>>;
