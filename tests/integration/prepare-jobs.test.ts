import { afterAll, beforeAll, expect, test } from 'bun:test';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { migrate } from '../../src/platform/database/migrate';
import { startJobs } from '../../src/platform/jobs/jobs';
import { enqueuePrepare, prepareQueueLengths } from '../../src/platform/jobs/prepare-jobs';
import { prepareQueueFacts } from '../../src/platform/jobs/prepare-queue-facts';
import { directKit } from '../support/direct-kit';
import { silentLog } from '../support/log';
import { photo } from '../support/photos';
import { prepareJobsKit } from '../support/prepare-jobs-kit';
import { type PrepareKit, prepareKit } from '../support/prepare-kit';
import { until } from '../support/server';

let kit: PrepareKit;
let seller: Seller;
beforeAll(async () => {
  kit = await prepareKit();
  seller = await kit.seller();
});
afterAll(() => kit.stop());

const { jobsOf, forget, sweep, inTransaction, plainQueue, working, queued, orderOfWork } = prepareJobsKit(() => kit);

test('a job that is queued in a transaction is what pg-boss itself would have sent', async () => {
  const [ours, theirs] = [newId<ProductId>(), newId<ProductId>()];
  await inTransaction((tx) => enqueuePrepare(tx, ours, seller.userId));
  const [our] = await jobsOf(ours);
  const boss = await plainQueue();
  await boss.send('prepare', { productId: theirs }, { singletonKey: theirs, priority: Number(our?.priority) });
  await boss.stop({ graceful: false });
  const plain = ({
    id: _id,
    data: _data,
    singleton_key: _key,
    created_on,
    start_after,
    keep_until,
    ...job
  }: Record<string, unknown>) => ({
    ...job,
    keptFor: Number(keep_until) - Number(start_after),
    startsAtOnce: Number(start_after) - Number(created_on),
  });
  const [their] = await jobsOf(theirs);
  expect(plain(our!)).toEqual(plain(their!));
  expect([our!.data, their!.data]).toEqual([{ productId: ours }, { productId: theirs }]);
  await forget();
});

test('a product has a job when its commit has happened, and none when it has not; a second one is none', async () => {
  const id = await kit.upload(seller, [await photo()]);
  expect((await jobsOf(id)).map(({ state }) => state)).toEqual(['created']);
  await inTransaction((tx) => enqueuePrepare(tx, id, seller.userId));
  expect((await jobsOf(id)).length).toBe(1);
  const other = newId<ProductId>();
  const undone = inTransaction(async (tx) => {
    await enqueuePrepare(tx, other, seller.userId);
    throw new Error('no');
  });
  await expect(undone).rejects.toThrow('no');
  expect(await jobsOf(other)).toEqual([]);
  await forget();
});

test('images that are added while their product is being prepared get a job of their own', async () => {
  const id = await kit.upload(seller, [await photo()]);
  let rounds = 0;
  const work = async () => {
    rounds += 1;
    if (rounds === 1) await inTransaction((tx) => enqueuePrepare(tx, id, seller.userId));
    if (rounds === 1) expect((await jobsOf(id)).map(({ state }) => state).sort()).toEqual(['active', 'created']);
  };
  await working(work, () => until(() => rounds === 2, 'the second job'));
});

test('a job that fails is tried again, later each time, and others go on meanwhile', async () => {
  await forget();
  const [bad, good] = [newId<ProductId>(), newId<ProductId>()];
  const seen: ProductId[] = [];
  await inTransaction(async (tx) => {
    await enqueuePrepare(tx, bad, seller.userId);
    await enqueuePrepare(tx, good, seller.userId);
  });
  const place = (await jobsOf(bad))[0]?.priority;
  const work = (id: ProductId) => {
    seen.push(id);
    return id === bad ? Promise.reject(new Error('an outage')) : Promise.resolve();
  };
  await working(work, () =>
    until(() => seen.includes(good) && seen.filter((id) => id === bad).length >= 2, 'a repetition'),
  );
  await until(async () => (await jobsOf(bad))[0]?.state === 'retry', 'it waits for the next time');
  expect((await jobsOf(bad))[0]).toMatchObject({
    retry_limit: 1_000_000,
    retry_backoff: true,
    retry_delay_max: 300,
    priority: place,
  });
  await forget();
});

test('one’s many products do not make another’s first wait, and none of them is put off for ever', async () => {
  await forget();
  const [many, one] = [await kit.seller(), await kit.seller()];
  const ids = await queued([...Array.from({ length: 20 }, () => many), one]);
  const [first, last, late] = [ids[0]!, ids[19]!, ids[20]!];
  const placeOf = async (id: ProductId) => Number((await jobsOf(id))[0]?.priority);
  // 190 seconds: whoever comes later than that comes after it
  expect((await placeOf(first)) - (await placeOf(last))).toBe(190);
  const order = await orderOfWork(21);
  expect(order.slice(0, 2)).toEqual(expect.arrayContaining([first, late]));
  expect(order.filter((id) => id !== late)).toEqual(ids.slice(0, 20));
  await kit.db.sql("update products set status = 'failed' where id = any($1::uuid[])", [ids]);
});

test('sellers take turns also in what the sweep gives a job', async () => {
  await forget();
  await kit.db.sql("update products set status = 'failed' where status = 'uploading'");
  const [many, one] = [await kit.seller(), await kit.seller()];
  const ids: ProductId[] = [];
  for (const seller of [many, many, many, one]) ids.push(await kit.upload(seller, [await photo()]));
  await forget();
  expect(await sweep()).toBe(4);
  const late = ids[3]!;
  expect((await orderOfWork(4)).indexOf(late)).toBeLessThanOrEqual(1);
  await kit.db.sql("update products set status = 'failed' where id = any($1::uuid[])", [ids]);
});

test('what the sweep queues is put off by all that its seller has waiting, from batch to batch', async () => {
  await forget();
  await kit.db.sql("update products set status = 'failed' where status = 'uploading'");
  const [many, one] = [await kit.seller(), await kit.seller()];
  const ids: ProductId[] = [];
  for (const seller of [many, many, many, many, many, one, one]) ids.push(await kit.upload(seller, [await photo()]));
  const [ofMany, ofOne] = [ids.slice(0, 3), ids.slice(5)];
  await kit.db.sql('delete from pgboss.job where singleton_key = any($1::text[])', [[...ofMany, ...ofOne]]);
  expect(await sweep(2)).toBe(5);
  const jobs = await kit.db.sql<{ singleton_key: ProductId }>(
    'select singleton_key from pgboss.job where singleton_key = any($1::text[]) order by priority desc',
    [[...ofMany, ...ofOne]],
  );
  // two of the one's, put off by 0 and 10 seconds, before the others of who has two queued: by 20, 30 and 40
  expect(jobs.map((job) => job.singleton_key)).toEqual([...ofOne, ...ofMany]);
  await forget();
  await kit.db.sql("update products set status = 'failed' where id = any($1::uuid[])", [ids]);
});

test('a queue is worked off without a rest between the jobs', async () => {
  const ids = Array.from({ length: 60 }, () => newId<ProductId>());
  await inTransaction(async (tx) => {
    for (const id of ids) await enqueuePrepare(tx, id, seller.userId);
  });
  const seen = new Set<ProductId>();
  // at one job a second and worker this would take 60 seconds
  await working(
    (id) => Promise.resolve(seen.add(id)),
    () => until(() => seen.size === ids.length, 'all of them', 20_000),
    1,
  );
});

test('how long a job takes is told by those of the last hour', async () => {
  await forget();
  const id = newId<ProductId>();
  await inTransaction((tx) => enqueuePrepare(tx, id, seller.userId));
  const ended = (ago: string) =>
    kit.db.sql(
      `update pgboss.job set state = 'completed', completed_on = now() - $2::interval,
         started_on = now() - $2::interval - interval '7 seconds' where singleton_key = $1`,
      [id, ago],
    );
  const average = async () => (await prepareQueueFacts((text) => kit.db.database.query(text))).averageSeconds;
  await ended('59 minutes');
  expect(await average()).toBe(7);
  await ended('61 minutes');
  expect(await average()).toBeNull();
  await forget();
});

test('the sweep gives a job to what lacks one, and to nothing else', async () => {
  const [waiting, failed, done, added] = [
    await kit.upload(seller, [await photo()]),
    await kit.upload(seller, [await photo()]),
    await kit.upload(seller, [await photo()]),
    await kit.upload(seller, [await photo()]),
  ];
  await kit.db.sql("update products set status = 'failed' where id = $1", [failed]);
  for (const id of [done, added]) await kit.prepare(id);
  await kit.makeReady(added);
  await kit.addImage(seller, added, await photo({ seed: 4 }));
  await forget();
  await kit.db.sql("update products set status = 'failed' where status = 'uploading' and id <> $1", [waiting]);
  expect(await sweep()).toBe(2);
  expect(
    (await kit.db.sql<{ singleton_key: string }>("select singleton_key from pgboss.job where name = 'prepare'"))
      .map((job) => job.singleton_key)
      .sort(),
  ).toEqual([waiting, added].sort());
  expect(await sweep()).toBe(0);
  expect(await prepareQueueLengths((text) => kit.db.database.query(text))).toEqual({ created: 2, retry: 0, active: 0 });
  await kit.prepare(added);
  await forget();
  expect(await sweep()).toBe(1);
});

test('a migration gives their job to products that were committed before there were any', async () => {
  const id = await kit.upload(seller, [await photo()]);
  await forget();
  await migrate(kit.db.url);
  expect((await jobsOf(id)).map(({ state }) => state)).toEqual(['created']);
});

test('an upload whose images are all prepared goes on, whatever kept it', async () => {
  const id = await kit.upload(seller, [await photo()]);
  await kit.db.sql('update product_images set prepared_at = now() where product_id = $1', [id]);
  await forget();
  await sweep();
  expect((await jobsOf(id)).length).toBe(1);
  await kit.prepare(id);
  expect((await kit.statusOf(id)).status).toBe('processing');
});

test('the completion of a direct upload and images that are added queue a job with their commit', async () => {
  const direct = await directKit();
  try {
    const owner = await direct.seller();
    const photos = [await photo()];
    const { productId } = await direct.start(owner, photos);
    await direct.send(productId, photos);
    const jobs = () =>
      direct.db.sql("select 1 from pgboss.job where name = 'prepare' and singleton_key = $1", [productId]);
    expect((await jobs()).length).toBe(0);
    await direct.completeUpload(owner, productId);
    expect((await jobs()).length).toBe(1);
  } finally {
    await direct.stop();
  }
  const id = await kit.upload(seller, [await photo()]);
  await kit.prepare(id);
  await kit.makeReady(id);
  await forget();
  await kit.addImage(seller, id, await photo({ seed: 6 }));
  expect((await jobsOf(id)).length).toBe(1);
});

test('the end waits for scheduled work that is slow to stop, as long as is said and no longer', async () => {
  const boss = await plainQueue();
  const endedBefore = async (scheduledMs: number, untilEnd: Promise<void>) => {
    await boss.send('sweep', null);
    let [begun, ended] = [false, false];
    const work = async () => {
      begun = true;
      await untilEnd;
      ended = true;
    };
    const limits = { queueMs: 100, scheduledMs };
    const jobs = await startJobs(kit.db.database, [{ queue: 'sweep', cron: '0 0 1 1 *', work }], [], silentLog, limits);
    await until(() => begun, 'the sweep has begun');
    await jobs.stop();
    return ended;
  };
  const slow = Promise.withResolvers<void>();
  setTimeout(slow.resolve, 4_000);
  expect(await endedBefore(60_000, slow.promise)).toBe(true);
  await kit.db.sql("delete from pgboss.job where name = 'sweep'");
  expect(await endedBefore(50, new Promise(() => undefined))).toBe(false);
  await boss.stop({ graceful: false });
});
