import { expect } from 'bun:test';
import type { AppRouter } from '../../src/container';
import type { Log } from '../../src/kernel/log';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Principal, Seller } from '../../src/kernel/principal';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { workParts } from '../../src/modules/processing';
import type { LeaseId } from '../../src/modules/processing/domain/work/lease';
import type { Status } from '../../src/modules/products/domain/lifecycle';
import { callerFactory } from '../../src/platform/http/procedures';
import { createMetrics } from '../../src/platform/telemetry/metrics';
import { silentLog } from './log';
import { aProduct, aUser, BUCKET, type ProductFixture } from './products-fixture';
import { requestContext } from './request-context';
import { type Environment, startTestServer } from './server';

export type WorkKit = Awaited<ReturnType<typeof workKit>>;
type Work = ReturnType<ReturnType<typeof callerFactory<AppRouter['_def']['record']>>>['work'];
export type Job = Awaited<ReturnType<Work['claim']>>['jobs'][number];
type Put = Awaited<ReturnType<Work['resultUrls']>>['uploads'][number];

type WorkPartsDeps = Parameters<typeof workParts>[0];

interface ClaimWish {
  phase: 'processing' | 'publishing';
  worker: string;
  max: number;
  lease_seconds: number;
}

/** A whole server, and workers that call its procedures as a door would. The clock sweeps nothing. */
export async function workKit(change: Environment = {}, log: Log = silentLog) {
  const server = await startTestServer({ S3_FORMER_BUCKET_NAMES: BUCKET, PREPARE_CONCURRENCY: '0', ...change }, log);
  const { db, container } = server;
  const call = callerFactory(container.router);
  const as = (principal: Principal | null) => call(requestContext(principal));
  const rows = <Row extends object = Record<string, unknown>>(text: string, ...values: unknown[]) =>
    db.sql<Row>(text, values);

  return {
    server,
    db,
    as,
    rows,
    aSeller: () => aUser(db),
    aWorker: (): Promise<Principal> => aUser(db, 'worker'),
    aProduct: (seller: Seller, status: Status = 'processing', images = 2): Promise<ProductFixture> =>
      aProduct(db, seller, { status, images }),

    async claim(worker: Principal, wish: Partial<ClaimWish> = {}): Promise<Job[]> {
      const claim = { phase: 'processing', worker: 'tests', max: 1, lease_seconds: 60, ...wish } as const;
      return (await as(worker).work.claim(claim)).jobs;
    },

    /** Claims until it gets this product; the others go back. */
    async claimOne(worker: Principal, { id }: ProductFixture, wish: Partial<ClaimWish> = {}): Promise<Job> {
      const jobs = await this.claim(worker, { max: 50, ...wish });
      const job = jobs.find(({ product_id }) => product_id === id);
      if (!job) throw new Error('it is not in the queue');
      return job;
    },

    /** The same worker at another instance, some of whose parts are others; its sellers have no account. */
    elsewhere(worker: Principal, change: Partial<WorkPartsDeps>) {
      const { database, products, storage } = container;
      const { router } = workParts({
        database,
        storedUrls: products,
        signImage: products.signImage,
        verifyResults: products.verifyResults,
        changeStatus: products.changeStatusWithin,
        objects: { signPut: (request) => storage.store.signPut(request), copy: storage.copyIfThere },
        journal: storage.journal,
        intentTtlSeconds: 120,
        credentials: async () => () => new Map(),
        refreshCredential: async () => undefined,
        recordOriginals: async () => undefined,
        clock: () => new Date(),
        log: silentLog,
        metrics: createMetrics().work,
        limits: { maxImages: 8, maxImageBytes: 10_000_000 },
        maxAttempts: 3,
        retryBaseSeconds: 10,
        ...change,
      });
      return callerFactory(router)(requestContext(worker));
    },

    /** Announces and puts one processed image. */
    async putResult(worker: Principal, id: string, imageId: string, bytes: Buffer, type = 'image/webp'): Promise<void> {
      const { uploads } = await as(worker).work.resultUrls({ id, images: [announced(imageId, bytes, type)] });
      expect(await put(uploads[0]!, bytes)).toBeWithin(200, 205);
    },

    /** Where the processed image lies that the row names. */
    async processedKey(imageId: string): Promise<ObjectKey | null> {
      const [row] = await rows<{ key: ObjectKey | null }>(
        "select substring(processed_s3_url from '^s3://[^/]+/(.*)$') as key from product_images where id = $1",
        imageId,
      );
      return row?.key ?? null;
    },

    async keysUnder(productId: string): Promise<string[]> {
      return (await server.keys()).filter((key) => key.startsWith(`products/${productId}/`)).sort();
    },

    /** As if its time had passed. */
    async expire(lease: string): Promise<void> {
      await rows(
        "update work_items set due_at = now() - interval '1 s' where product_id = (select product_id from work_leases where id = $1)",
        lease,
      );
      await rows("update work_leases set expires_at = now() - interval '1 s' where id = $1", lease);
    },

    /** As if the time of waiting items had passed. */
    wake: (id: string) =>
      rows("update work_items set due_at = now() - interval '1 s' where product_id = $1 and state = 'waiting'", id),

    /** What the clock would do. */
    async sweep(): Promise<void> {
      await container.work.putBackDue();
      await container.storage.sweep();
    },

    async product({ id }: { id: string }) {
      const [row] = await rows<{ status: Status; failed_from: Status | null; processing_error: string | null }>(
        'select status, failed_from, processing_error from products where id = $1',
        id,
      );
      return row;
    },

    async item({ id }: { id: string }) {
      const [row] = await rows<{ state: string; attempts: number; turn: number; due_at: Date | null }>(
        'select state, attempts, turn::int, due_at from work_items where product_id = $1',
        id,
      );
      return row;
    },

    async leaseState(id: string): Promise<string | undefined> {
      return (await rows<{ state: string }>('select state from work_leases where id = $1', id as LeaseId))[0]?.state;
    },

    stop: () => server.stop(),
  };
}

/** What a worker says of a processed image. */
export function announced(imageId: string, bytes: Uint8Array, content_type = 'image/webp') {
  return { image_id: imageId, content_type, file_size_bytes: bytes.length, sha256: sha256OfBytes(bytes) as string };
}

/** As any HTTP client would: method, URL and headers as they were given. @returns the status */
export async function put({ method, url, headers }: Put, bytes: Uint8Array): Promise<number> {
  const response = await fetch(url, { method, headers, body: Buffer.from(bytes) });
  await response.arrayBuffer();
  return response.status;
}
