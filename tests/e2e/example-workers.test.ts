import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { inferRouterOutputs } from '@trpc/server';
import sharp from 'sharp';
import type { AppRouter } from '../../src/container';
import { photo } from '../support/photos';
import { type TestDatabase, testDatabase } from '../support/postgres';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { type Environment, s3Environment, until } from '../support/server';
import { type ServerProcess, startServerProcess } from '../support/server-process';
import { aWorkerAccount, canRun, type ExampleWorker, startWorker } from '../support/worker-process';

type Product = inferRouterOutputs<AppRouter>['products']['get'];

const repository = resolve(import.meta.dir, '../..');
const minio = await s3Server('minio');

const ON: readonly [string, ExampleWorker, boolean, () => Environment][] = [
  ['disk', 'processing-worker.ts', true, () => ({})],
  ['disk', 'processing_worker.py', true, () => ({})],
  ['MinIO', 'processing-worker.ts', minio !== null, () => (minio ? s3Environment(minio) : {})],
  ['MinIO', 'processing_worker.py', minio !== null, () => (minio ? s3Environment(minio) : {})],
];

describe.each(ON)('on PostgreSQL and %s, examples/workers/%s', (_store, example, hasStore, storeEnvironment) => {
  const isThere = hasStore && canRun(example);
  const promise = isThere ? test : test.skip;
  let db: TestDatabase;
  let environment: Environment;
  let server: ServerProcess;
  let seller: SellerClient;
  let account: Environment;

  beforeAll(async () => {
    if (!isThere) return;
    db = await testDatabase();
    const dataDir = await mkdtemp(join(tmpdir(), 'test-workers-'));
    environment = {
      DATABASE_URL: db.url,
      DATA_DIR: dataDir,
      PREPARE_CONCURRENCY: '1',
      WORK_MAX_ATTEMPTS: '1',
      ...storeEnvironment(),
    };
    server = await startServerProcess(environment);
    seller = await aSeller(server);
    account = await aWorkerAccount(server, db);
  }, 90_000);
  afterAll(async () => {
    await server?.end('SIGTERM');
    await db?.drop();
    if (environment?.DATA_DIR) await rm(environment.DATA_DIR, { recursive: true, force: true });
  });

  async function uploaded(seeds: readonly number[]): Promise<string> {
    const response = await seller.upload(await Promise.all(seeds.map((seed) => photo({ seed }))));
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  }

  async function read<Answer = Product>(id: string, of = ''): Promise<Answer> {
    return (await (await seller.call('GET', `/api/products/${id}${of}`)).json()) as Answer;
  }

  const isNow = (id: string, status: string) => async () => (await read(id)).status === status;

  promise(
    'leads a product from uploading over processing to ready, each photo with a processed one, and ends on SIGTERM',
    async () => {
      const id = await uploaded([1, 2]);
      const worker = startWorker(example, server.url, { ...account, WORKER_NAME: 'the-example' });
      await until(isNow(id, 'ready'), `the product is ready: ${worker.output.text}`, 30_000);
      expect(await worker.end('SIGTERM')).toBe(0);
      expect(worker.output.text).toContain(`${id} complete after `);
      const { images } = await read(id);
      expect(images).toHaveLength(2);
      for (const { processed_url } of images) {
        const made = sharp(await (await fetch(processed_url ?? '')).bytes());
        expect(await made.metadata()).toMatchObject({ width: 900, height: 700 });
      }
      const { history } = await read<{ history: { to: string; actor: string }[] }>(id, '/history');
      expect(history.map(({ to }) => to)).toEqual(['uploading', 'processing', 'ready']);
      expect(history.at(-1)?.actor).toBe('worker:the-example');
      const events = await db.sql<{ data: { progress?: number } }>(
        "select data from product_events where product_id = $1 and data ? 'progress' order by number",
        [id],
      );
      expect(events.map(({ data }) => data.progress)).toEqual([0, 50]);
    },
    90_000,
  );

  promise(
    'waits for a photo of which nothing is made yet',
    async () => {
      const id = await uploaded([5]);
      await until(isNow(id, 'processing'), 'the product is prepared', 30_000);
      const ofProduct = 'image_id in (select id from product_images where product_id = $1)';
      await db.sql(`delete from image_variants where variant = 'thumb' and ${ofProduct}`, [id]);
      await db.sql(`update image_variants set variant = 'thumb' where ${ofProduct}`, [id]);
      const worker = startWorker(example, server.url, account);
      const isClaimed = async () => (await db.sql('select 1 from work_leases where product_id = $1', [id])).length;
      await until(isClaimed, 'the worker has claimed it', 30_000);
      await db.sql(`update image_variants set variant = 'model' where ${ofProduct}`, [id]);
      await until(isNow(id, 'ready'), `the product is ready: ${worker.output.text}`, 30_000);
      expect(await worker.end('SIGTERM')).toBe(0);
    },
    60_000,
  );

  promise(
    'drops a product that its seller deletes meanwhile, and fails nothing',
    async () => {
      const id = await uploaded([6]);
      await until(isNow(id, 'processing'), 'the product is prepared', 30_000);
      await db.sql(
        'delete from image_variants where image_id in (select id from product_images where product_id = $1)',
        [id],
      );
      const worker = startWorker(example, server.url, account);
      const isClaimed = async () => (await db.sql('select 1 from work_leases where product_id = $1', [id])).length;
      await until(isClaimed, 'the worker has claimed it', 30_000);
      await seller.call('DELETE', `/api/products/${id}`);
      const isDropped = async () =>
        worker.output.text.includes(`${id} is somebody else's by now, or its seller's no more`);
      await until(isDropped, `the worker has dropped it: ${worker.output.text}`, 30_000);
      expect(worker.output.text).not.toContain('failed');
      expect(await worker.end('SIGTERM')).toBe(0);
    },
    60_000,
  );

  promise(
    'says why it gives a product up, and the seller reads it',
    async () => {
      const id = await uploaded([3]);
      await until(isNow(id, 'processing'), 'the product is prepared', 30_000);
      await db.sql(
        `update image_variants set s3_url = s3_url || '.gone' where variant = 'model'
          and image_id in (select id from product_images where product_id = $1)`,
        [id],
      );
      const worker = startWorker(example, server.url, account);
      await until(isNow(id, 'failed'), `the product has failed: ${worker.output.text}`, 30_000);
      expect(await worker.end('SIGTERM')).toBe(0);
      expect((await read(id)).processing_error).toContain('the photo cannot be fetched');
    },
    90_000,
  );

  promise(
    'passes over a photo that cannot be decoded, and gives up a product that has no other',
    async () => {
      const id = await uploaded([7, 8]);
      await until(isNow(id, 'processing'), 'the product is prepared', 30_000);
      const [whole, broken] = (await read(id)).images.map((image) => image.id);
      const refuse = (image: string | undefined) =>
        db.sql(
          `update product_images set prepared_at = null, processing_metadata = '{"prepare_refused": "it is cut off"}' where id = $1`,
          [image],
        );
      await db.sql('delete from image_variants where image_id = $1', [broken]);
      const worker = startWorker(example, server.url, account);
      const isClaimed = async () => (await db.sql('select 1 from work_leases where product_id = $1', [id])).length;
      await until(isClaimed, 'the worker has claimed it', 30_000);
      await refuse(broken);
      await until(isNow(id, 'ready'), `the product is ready: ${worker.output.text}`, 30_000);
      const { images } = await read(id);
      expect(images.map(({ processed_url, refused }) => [processed_url !== null, refused])).toEqual([
        [true, undefined],
        [false, 'it is cut off'],
      ]);
      await db.sql('delete from image_variants where image_id = $1', [whole]);
      await refuse(whole);
      expect((await seller.call('POST', `/api/products/${id}/regenerate`)).status).toBe(202);
      await until(isNow(id, 'failed'), `the product has failed: ${worker.output.text}`, 30_000);
      expect((await read(id)).processing_error).toBe('none of its photos can be decoded');
      expect(await worker.end('SIGTERM')).toBe(0);
    },
    90_000,
  );

  promise('ends with what the server said where its account is no worker’s', async () => {
    const worker = startWorker(example, server.url, { WORKER_TOKEN: seller.accessToken });
    expect(await worker.ended()).toBe(1);
    expect(worker.output.text).toStartWith('the server refuses this worker: ');
  });

  promise(
    'works with the token of the README’s command',
    async () => {
      const id = await uploaded([4]);
      const command = '"$BUN" run --silent cli token --role worker | tail -1';
      const readme = await Bun.file(join(repository, 'README.md')).text();
      expect(readme).toContain(command.replace('"$BUN"', 'bun'));
      const shell = Bun.spawn(['sh', '-c', command], {
        cwd: repository,
        env: { ...process.env, ...environment, BUN: process.execPath },
        stdout: 'pipe',
      });
      const token = (await new Response(shell.stdout).text()).trim();
      const worker = startWorker(example, server.url, { WORKER_TOKEN: token });
      await until(isNow(id, 'ready'), `the product is ready: ${worker.output.text}`, 30_000);
      expect(await worker.end('SIGTERM')).toBe(0);
    },
    90_000,
  );
});
