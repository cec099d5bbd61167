import { PgBoss } from 'pg-boss';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { products } from '../../src/platform/database/schema';
import { ormOf, transactionsOf } from '../../src/platform/database/transaction';
import { type Jobs, startJobs } from '../../src/platform/jobs/jobs';
import { enqueueMissingPrepares, enqueuePrepare } from '../../src/platform/jobs/prepare-jobs';
import { silentLog } from './log';
import type { PrepareKit } from './prepare-kit';
import { until } from './server';

/** The queue of what is to be prepared, as tests look at it and work on it. @param kit begun by the time it is used */
export function prepareJobsKit(kit: () => PrepareKit) {
  const jobsOf = (id: ProductId) =>
    kit().db.sql<{ state: string; [column: string]: unknown }>(
      'select * from pgboss.job where singleton_key = $1 order by created_on',
      [id],
    );
  const forget = () => kit().db.sql("delete from pgboss.job where name = 'prepare'");
  const sweep = (batch?: number) =>
    enqueueMissingPrepares((text, values) => kit().db.database.query(text, values), batch);
  const inTransaction = <Result>(work: Parameters<ReturnType<typeof transactionsOf>>[0]) =>
    transactionsOf(kit().db.database)(work) as Promise<Result>;

  /** pg-boss as it comes, on the same tables: it only sends. */
  async function plainQueue(): Promise<PgBoss> {
    const boss = new PgBoss({
      db: { executeSql: (text, values) => kit().db.database.query(text, values) },
      migrate: false,
      schedule: false,
      supervise: false,
    });
    await boss.start();
    return boss;
  }

  async function working(
    work: (id: ProductId) => Promise<unknown>,
    use: (jobs: Jobs) => Promise<void>,
    concurrency = 2,
  ) {
    const queued = {
      queue: 'prepare' as const,
      concurrency,
      work: (data: unknown) => work((data as { productId: ProductId }).productId),
    };
    const jobs = await startJobs(kit().db.database, [], [queued], silentLog);
    try {
      await use(jobs);
    } finally {
      await jobs.stop();
    }
  }

  /** Products of these sellers in this order, each with its job, all at the same moment. */
  async function queued(sellers: readonly Seller[]): Promise<ProductId[]> {
    const ids = sellers.map(() => newId<ProductId>());
    await inTransaction(async (tx) => {
      for (const [n, { userId }] of sellers.entries()) {
        await enqueuePrepare(tx, ids[n]!, userId);
        const product = { id: ids[n]!, userId, promptText: 'a lamp in good order' };
        await ormOf(tx).insert(products).values(product);
      }
    });
    return ids;
  }

  /** The products of all jobs in the order in which they are worked on. */
  async function orderOfWork(count: number): Promise<ProductId[]> {
    const seen: ProductId[] = [];
    const work = (id: ProductId) => Promise.resolve(seen.push(id));
    await working(work, () => until(() => seen.length === count, 'all of them'), 1);
    return seen;
  }

  return { jobsOf, forget, sweep, inTransaction, plainQueue, working, queued, orderOfWork };
}
