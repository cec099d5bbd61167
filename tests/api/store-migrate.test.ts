import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { UsageError } from '../../src/cli/command';
import { runCommand } from '../../src/cli/run-command';
import { loadSettings } from '../../src/config/load';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { type RunningServer, startServer } from '../../src/server';
import { silentLog } from '../support/log';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { type Environment, ON_A_FREE_PORT, s3Environment, startTestServer, type TestServer } from '../support/server';
import { startTcpProxy } from '../support/tcp-proxy';

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

/** The same store as a target. */
const asTarget = (environment: Environment) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [`TARGET_${name}`, value]));

describe('bun run cli store migrate', () => {
  let origin: TestServer;
  let running: RunningServer | null = null;
  let seller: SellerClient;
  let photos: Buffer[];
  /** Product ids, all of the same photos. */
  const products: string[] = [];

  beforeAll(async () => {
    origin = await startTestServer();
    seller = await aSeller(origin);
    photos = [await photo({ seed: 51 }), await photo({ seed: 52, format: 'png' })];
  }, 60_000);
  afterAll(async () => {
    await running?.stop();
    await origin.stop();
  });

  const settingsOf = (environment: Environment) =>
    loadSettings({ ...ON_A_FREE_PORT, DATABASE_URL: origin.db.url, DATA_DIR: origin.dataDir, ...environment });

  async function migrate(environment: Environment, ...argv: string[]): Promise<string> {
    const lines: string[] = [];
    const words = ['store', 'migrate', ...argv];
    await runCommand(words, settingsOf(environment), silentLog, (line) => lines.push(line));
    return lines.join('\n');
  }

  async function upload(url: string): Promise<void> {
    const headers = { ...seller.headers, 'content-type': multipartType() };
    const body = multipartBytes(productParts(PROMPT, photos));
    const answer = await fetch(`${url}/api/products`, { method: 'POST', headers, body });
    products.push(((await answer.json()) as { id: string }).id);
  }

  /** What the URLs of every product give at this server. */
  async function digests(url: string): Promise<string[]> {
    const headers = { ...seller.headers, 'content-type': 'application/json' };
    const body = JSON.stringify({ products, variant: 'original' });
    const answer = await fetch(`${url}/api/image-urls`, { method: 'POST', headers, body });
    const { urls } = (await answer.json()) as { urls: { url: string }[] };
    return await Promise.all(urls.map(async (signed) => sha256OfBytes(await (await fetch(signed.url)).bytes())));
  }

  /** A server on another store has nothing but its configuration: the last lines of the command say which. */
  const switched = (text: string) => {
    const assigned = [...text.matchAll(/^ {5}(S3_\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);
    return Object.fromEntries(assigned.filter(([, value]) => !value?.startsWith('<')));
  };

  test.skipIf(!minio || !versitygw)(
    'moves a store while its server works: disk to MinIO, MinIO to versitygw, and back to disk',
    async () => {
      const [first, second] = [s3Environment(minio!), s3Environment(versitygw!)];
      const steps = [
        { to: 's3', target: first },
        { to: 's3', target: second },
        { to: 'disk', target: {} },
      ];
      let here: Environment = {};
      let url = origin.url;
      for (const { to, target } of steps) {
        const environment = { ...here, ...asTarget(target) };
        await upload(url);
        await migrate(environment, '--to', to);
        await upload(url); // the server goes on
        const text = await migrate(environment, '--to', to, '--prune');
        expect(text).toContain(`Copied 2 objects`);
        expect(text).toContain(
          `${(products.length - 1) * 2} were there already, 0 have been deleted meanwhile, 0 could not`,
        );
        here = { ...target, ...switched(text) };
        await running?.stop();
        running = await startServer(settingsOf(here), silentLog);
        url = running.url;
        expect(running.container.storage.store.kind).toBe(to === 'disk' ? 'disk' : 's3');
        expect(await digests(url)).toEqual(products.flatMap(() => photos.map(sha256OfBytes)));
      }
      expect(here.S3_FORMER_BUCKET_NAMES?.split(',')).toHaveLength(2);
    },
    120_000,
  );

  test.skipIf(!minio)('fails where an object cannot be copied, and names it', async () => {
    await upload(running?.url ?? origin.url);
    const target = { ...s3Environment(minio!), S3_BUCKET_NAME: `test-${Bun.randomUUIDv7()}` };
    await origin.db.sql("update product_images set original_s3_url = original_s3_url || '.lost' where position = 0");
    const here = { S3_FORMER_BUCKET_NAMES: await bucketsOfRows() };
    await expect(migrate({ ...here, ...asTarget(target) }, '--to', 's3')).rejects.toThrow('are not on the target');
  });

  test.each([[], ['--to', 'tape'], ['--to', 'disk'], ['--to', 's3'], ['--to', 's3', '--faster']])(
    'called with %s %s %s is told how to call it',
    async (...argv) => {
      await expect(migrate({}, ...argv.map(String))).rejects.toThrow(UsageError);
    },
  );

  test.skipIf(!minio)('refuses to copy a bucket to itself', async () => {
    const environment = s3Environment(minio!);
    const call = migrate({ ...environment, ...asTarget(environment) }, '--to', 's3');
    await expect(call).rejects.toThrow('the bucket that the objects are in');
    const proxy = await startTcpProxy(minio!.endpoint);
    const byAnotherName = { TARGET_S3_ENDPOINT_URL: proxy.url };
    const again = migrate({ ...environment, ...asTarget(environment), ...byAnotherName }, '--to', 's3');
    await expect(again).rejects.toThrow(
      new UsageError('TARGET_S3_BUCKET_NAME is the bucket that the objects are in, by another name'),
    );
    await proxy.stop();
  });

  async function bucketsOfRows(): Promise<string> {
    const rows = await origin.db.sql<{ bucket: string }>(
      "select distinct split_part(original_s3_url, '/', 3) as bucket from product_images",
    );
    return rows.map(({ bucket }) => bucket).join(',');
  }
});
