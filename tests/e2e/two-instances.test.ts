import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../src/container';
import { type EventFollower, followEvents } from '../support/event-follower';
import { photo } from '../support/photos';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { queuedProducts } from '../support/queued-products';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { type Environment, s3Environment, until } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';
import { ANY_WORKER, aWorkerAccount, startWorker, type WorkerProcess } from '../support/worker-process';

type Job = inferRouterOutputs<AppRouter>['work']['claim']['jobs'][number];

const minio = await s3Server('minio');

describe.skipIf(!minio)('two instances on one PostgreSQL and one MinIO', () => {
  let db: TestDatabase;
  let environment: Environment;
  const folders: string[] = [];
  let first: ServerProcess;
  let second: ServerProcess;
  let seller: SellerClient;
  let account: Environment;
  let follower: EventFollower;

  const start = (dataDir: string, more: Environment = {}) =>
    startServerProcess({ ...environment, DATA_DIR: dataDir, ...more });

  beforeAll(async () => {
    if (!minio) return;
    db = await testDatabase();
    environment = {
      ...s3Environment(minio),
      DATABASE_URL: db.url,
      JWT_SECRET: 'the same for both, as an operator sets it',
      PREPARE_CONCURRENCY: '1',
      WORK_MAX_ATTEMPTS: '10',
    };
    for (const name of ['first', 'second']) folders.push(await mkdtemp(join(tmpdir(), `test-${name}-`)));
    first = await start(folders[0]!);
    second = await start(folders[1]!);
    seller = await aSeller(first);
    account = await aWorkerAccount(second, db);
    follower = followEvents([second, first], seller.accessToken);
  }, 120_000);

  afterAll(async () => {
    follower?.stop();
    await Promise.all([first?.end('SIGKILL'), second?.end('SIGKILL')]);
    await db?.drop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  async function count(sql: string, ...values: unknown[]): Promise<number> {
    return (await db.sql<{ n: number }>(`select count(*)::int as n ${sql}`, values))[0]!.n;
  }

  /** @returns the product's id; null where no answer came */
  async function upload(to: ServerProcess, seed: number): Promise<string | null> {
    const response = await seller
      .at(to)
      .upload([await photo({ seed, width: 800, height: 600 })])
      .catch(() => null);
    return response?.status === 201 ? ((await response.json()) as { id: string }).id : null;
  }

  const inStatus = (ids: readonly string[], status: string) =>
    count('from products where id = any($1::uuid[]) and status = $2', ids, status);

  /** What the follower got is what the outbox holds: every event, once, in order. */
  async function expectAllFollowed(): Promise<void> {
    const kept = await db.sql<{ id: number; type: string; data: object }>(
      'select number::int as id, type, data from product_events where user_id = $1 order by number',
      [seller.userId],
    );
    await until(() => (follower.events.at(-1)?.id ?? 0) >= kept.length, 'the last event has come');
    expect(follower.events.slice(0, kept.length) as unknown[]).toEqual(kept);
    expect(kept.map(({ id }) => id)).toEqual(kept.map((_, at) => at + 1));
  }

  async function expectEachDoneOnce(ids: readonly string[]): Promise<void> {
    const done = await db.sql<{ completed: number; ends: string[] }>(
      `select (select count(*)::int from work_leases l where l.product_id = p.id and l.state = 'completed') as completed,
          (select array_agg(h.event) from product_status_history h
            where h.product_id = p.id and h.event in ('COMPLETE', 'FAIL')) as ends
        from products p where id = any($1::uuid[])`,
      [ids],
    );
    expect(done).toEqual(ids.map(() => ({ completed: 1, ends: ['COMPLETE'] })));
  }

  test('what is uploaded to one is followed on the other, and taken from both, each product once', async () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    const ids = (await Promise.all(seeds.map((seed) => upload(first, seed)))).map((id) => id!);
    await until(async () => (await inStatus(ids, 'processing')) === ids.length, 'all are prepared', 60_000);

    const login = { email: account.WORKER_EMAIL, password: account.WORKER_PASSWORD };
    const tokens = (await (await seller.call('POST', '/api/auth/login', login)).json()) as { access_token: string };
    const ask = async <Answer>(server: ServerProcess, path: string, body: object): Promise<Answer> => {
      const headers = { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' };
      const response = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(response.status).toBe(200);
      return (await response.json()) as Answer;
    };
    const claim = { worker: 'both', max: 1, lease_seconds: 60 };
    const jobs: Job[] = [];
    while (jobs.length < ids.length) {
      const taken = await Promise.all(
        [first, second].map((server) => ask<{ jobs: Job[] }>(server, '/api/work/processing/claim', claim)),
      );
      jobs.push(...taken.flatMap((answer) => answer.jobs));
    }
    expect(jobs.map(({ product_id }) => product_id).sort()).toEqual([...ids].sort());
    // a lease that one gave is kept by the other
    const complete = (server: ServerProcess, { lease_id, images }: Job) =>
      ask(server, `/api/work/leases/${lease_id}/complete`, { images: images.map(({ id }) => ({ image_id: id })) });
    await Promise.all(jobs.flatMap((job) => [complete(first, job), complete(second, job)]));
    expect(await inStatus(ids, 'ready')).toBe(ids.length);
    await expectEachDoneOnce(ids);
    await expectAllFollowed();
    expect(follower.reconnections).toBe(0);
  }, 120_000);

  test('kill -9 of a worker and of a server loses no product and no event', async () => {
    const [like] = (await db.sql<{ id: string }>('select id from products limit 1'))!;
    const queued = await queuedProducts(db, seller, { like: like!.id, count: 40 });
    const completed = () =>
      count("from work_leases where state = 'completed' and product_id = any($1::uuid[])", queued);
    const work = (server: ServerProcess, name: string): WorkerProcess =>
      startWorker(ANY_WORKER, server.url, { ...account, WORKER_NAME: name });
    const workers = [work(first, 'one'), work(first, 'two'), work(second, 'three'), work(second, 'four')];
    await until(async () => (await completed()) >= 4, 'work has begun', 60_000);
    await workers[0]!.end('SIGKILL');

    const uploads = Array.from({ length: 8 }, (_, n) => upload(n % 2 ? first : second, 10 + n));
    await Promise.any(uploads.filter((_, n) => n % 2 === 0));
    await second.end('SIGKILL');
    const answered = (await Promise.all(uploads)).filter((id) => id !== null);
    second = await start(folders[1]!, { PORT: String(second.port) });

    const all = [...queued, ...answered];
    await until(async () => (await inStatus(all, 'ready')) === all.length, 'every product is ready', 120_000);
    expect(await Promise.all(workers.slice(1).map((worker) => worker.end('SIGTERM')))).toEqual([0, 0, 0]);
    await expectEachDoneOnce(all);
    await expectAllFollowed();
    expect(follower.reconnections).toBeGreaterThan(0);
    console.log(`${all.length} products, ${answered.length} uploaded while a server was killed`);
  }, 240_000);
});
