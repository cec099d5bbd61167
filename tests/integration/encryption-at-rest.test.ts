import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { runCommand } from '../../src/cli/run-command';
import { loadSettings } from '../../src/config/load';
import { uploadDirectly } from '../support/direct-upload';
import { silentLog } from '../support/log';
import { productParts } from '../support/multipart';
import { photo } from '../support/photos';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import {
  type Environment,
  ON_A_FREE_PORT,
  s3Environment,
  startTestServer,
  type TestServer,
  until,
} from '../support/server';
import { ANY_WORKER, aWorkerAccount, startWorker } from '../support/worker-process';

const minio = await s3Server('minio');
/** Photos are decoded and a worker is at work, with the lowest priority. */
const SLOW_MS = 180_000;

describe.skipIf(!minio?.encrypts)('every object on S3 is encrypted where it lies, whoever wrote it:', () => {
  const environment: Environment = minio ? s3Environment(minio) : {};
  const bucket = environment.S3_BUCKET_NAME ?? '';
  let client: S3Client;
  let server: TestServer;
  let seller: SellerClient;
  let photos: Buffer[];

  beforeAll(async () => {
    const { endpoint, region, ...credentials } = minio as S3Server;
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    server = await startTestServer({ ...environment, PREPARE_CONCURRENCY: '1', QUARANTINE_TTL_SECONDS: '0' });
    seller = await aSeller(server);
    photos = [await photo({ seed: 71 }), await photo({ seed: 72, format: 'png' })];
  }, SLOW_MS);
  afterAll(async () => {
    await server?.stop();
    client?.destroy();
  });

  /** How each object lies there, asked of the store itself. */
  async function encryption(of: string): Promise<Map<string, string | undefined>> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: of }));
    const heads = Contents.map(async ({ Key }) => {
      const head = await client.send(new HeadObjectCommand({ Bucket: of, Key }));
      return [Key ?? '', head.ServerSideEncryption] as const;
    });
    return new Map(await Promise.all(heads));
  }

  /** Of the objects whose keys look so, there are these many, and all of the bucket are encrypted. */
  async function expectEncrypted(pattern: RegExp, least: number, of = bucket): Promise<void> {
    const found = await encryption(of);
    expect([...found.keys()].filter((key) => pattern.test(key)).length).toBeGreaterThanOrEqual(least);
    expect([...found].filter(([, how]) => how !== 'AES256')).toEqual([]);
  }

  async function cli(argv: readonly string[], change: Environment = {}): Promise<void> {
    const own = { DATABASE_URL: server.db.url, DATA_DIR: server.dataDir };
    await runCommand(
      argv,
      loadSettings({ ...ON_A_FREE_PORT, ...own, ...environment, ...change }),
      silentLog,
      () => undefined,
    );
  }

  const variants = (id: string) =>
    server.db.sql(
      `select 1 from image_variants v join product_images i on i.id = v.image_id
        where i.product_id = $1 and v.variant in ('thumb', 'model')`,
      [id],
    );
  const prepared = (id: string, count: number) =>
    until(async () => (await variants(id)).length === count, 'the variants', 60_000);
  const statusOf = async (id: string) =>
    ((await (await seller.call('GET', `/api/products/${id}`)).json()) as { status: string }).status;

  test('a multipart upload, and the variants that are made of it', async () => {
    const response = await seller.upload(photos);
    const { id } = (await response.json()) as { id: string };
    await prepared(id, 4);
    await expectEncrypted(/original\.(jpg|png)$/, 2);
    await expectEncrypted(/(thumb|model)\.\w+$/, 4);
  });

  test('presigned PUTs of a client, and the copies that completion keeps', async () => {
    await server.db.sql('delete from products');
    const { id } = await uploadDirectly(seller, photos);
    await prepared(id, 4);
    await expectEncrypted(/original\.(jpg|png)$/, 2);
  });

  test(
    'what a worker puts, and where its completion moves it to; a photo added; all keys made new',
    async () => {
      const { id } = await uploadDirectly(seller, photos);
      await prepared(id, 4);
      const worker = startWorker(ANY_WORKER, server.url, await aWorkerAccount(server, server.db));
      await until(async () => (await statusOf(id)) === 'ready', 'the worker’s completion', 60_000);
      await worker.end('SIGTERM');
      await expectEncrypted(/processed\.\w+$/, 2);

      const added = await seller.post(
        `/api/products/${id}/images`,
        productParts(PROMPT, [photos[0] as Buffer]).slice(1),
      );
      expect(added.status).toBe(200);
      await prepared(id, 4 + 2);
      const before = await encryption(bucket);
      const revoked = await seller.call('POST', `/api/products/${id}/revoke-urls`);
      expect(revoked.status).toBe(200);
      const fresh = new RegExp(id);
      const moved = [...(await encryption(bucket)).keys()].filter((key) => fresh.test(key) && !before.has(key));
      expect(moved.length).toBeGreaterThanOrEqual(3);
      await expectEncrypted(fresh, 3);
    },
    SLOW_MS,
  );

  test(
    'what the audit moves to quarantine, and what is copied to another store',
    async () => {
      const { id } = await uploadDirectly(seller, photos);
      await prepared(id, 4);
      // as if a row had been lost without its triggers
      await server.db.sql('begin');
      await server.db.sql("set local session_replication_role = 'replica'");
      await server.db.sql('delete from image_variants');
      await server.db.sql('commit');
      const found = cli(['audit', '--act'], { AUDIT_MIN_AGE_SECONDS: '0', AUDIT_MAX_SHARE: '1' });
      await expect(found).rejects.toThrow('have no counterpart');
      await expectEncrypted(/^quarantine\//, 4);

      const target = s3Environment(minio as S3Server);
      const renamed = Object.entries(target).map(([name, value]) => [`TARGET_${name}`, value]);
      await cli(['store', 'migrate', '--to', 's3'], Object.fromEntries(renamed));
      await expectEncrypted(/original\.(jpg|png)$/, 2, target.S3_BUCKET_NAME);
    },
    SLOW_MS,
  );
});
