import { describe, expect, test } from 'bun:test';
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { isAppError } from '../../src/kernel/app-error';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { s3ConfigFor } from '../contracts/s3-harness';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';

for (const kind of ['minio', 'versitygw'] as const) {
  const server = await s3Server(kind);

  describe.skipIf(!server)(`the bucket on ${kind}`, () => {
    const configured = () => s3ConfigFor(server as S3Server);

    test('is made by the first of many processes that start at once, and used by all', async () => {
      const config = configured();
      const stores = Array.from({ length: 10 }, () => new S3Store({ config }));
      await Promise.all(stores.map((store) => store.prepare()));
      await Promise.all(stores.map((store) => store.check()));
    });

    test('is left alone where it is there', async () => {
      const config = configured();
      await new S3Store({ config }).prepare();
      await new S3Store({ config }).prepare();
    });

    test('keeps the multipart uploads that are not ours, however old they are', async () => {
      const config = configured();
      const store = new S3Store({ config });
      await store.prepare();
      const Bucket = config.bucket;
      const client = new S3Client({ ...(server as S3Server), credentials: server as S3Server, forcePathStyle: true });
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'backups/of-somebody.tar' }));
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'products/ours.jpg' }));
      expect(await store.removeHalfWritten(new Date(Date.now() + 60_000))).toBe(1);
      const left = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      expect(left.Uploads?.map(({ Key }) => Key)).toEqual(['backups/of-somebody.tar']);
    });

    test('is not usable with a wrong secret, and start says so', async () => {
      const store = new S3Store({ config: { ...configured(), secretAccessKey: 'not-the-secret', retries: 0 } });
      const error = await store.prepare().catch((refused: unknown) => refused);
      expect(isAppError(error, 'STORAGE_UNAVAILABLE')).toBe(true);
    });
  });
}
