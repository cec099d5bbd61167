import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3StoreConfig } from '../../src/modules/storage/infrastructure/s3/s3-config';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import type { S3Server } from '../support/s3-server-kinds';
import { startTcpProxy } from '../support/tcp-proxy';
import { listAll } from './object-samples';
import type { StoreHarness } from './object-store';

export function s3ConfigFor(server: S3Server): S3StoreConfig {
  return {
    bucket: `test-${Bun.randomUUIDv7()}`,
    region: server.region,
    endpoint: server.endpoint,
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
    forcePathStyle: true,
    ...(server.encrypts ? { sse: 'AES256' as const } : {}),
    retries: 2,
    timeoutMs: 10_000,
  };
}

/** A bucket of its own on the server, and the same bucket through a proxy that can be made to fail. */
export async function s3Harness(server: S3Server): Promise<StoreHarness> {
  const config = s3ConfigFor(server);
  const store = new S3Store({ config });
  await store.prepare();
  const client = new S3Client({ ...server, credentials: server, forcePathStyle: true });
  const Bucket = config.bucket;
  const proxy = await startTcpProxy(server.endpoint);
  const impatient = { ...config, endpoint: proxy.url, retries: 2, timeoutMs: 700 };
  const through = new S3Store({ config: impatient });
  await through.prepare();
  return {
    store,
    halfWrites: {
      begin: async (key) => void (await client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }))),
      count: async () => (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.length ?? 0,
    },
    faulty: { store: through, proxy, retries: impatient.retries },
    async stop() {
      await proxy.stop();
      await store.deleteMany((await listAll(store, '' as never)).map(({ key }) => key));
    },
  };
}
