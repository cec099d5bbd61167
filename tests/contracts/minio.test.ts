import { describe, expect, test } from 'bun:test';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';
import { startTcpProxy } from '../support/tcp-proxy';
import { freshPrefix, keyUnder, sampleFiles } from './object-samples';
import { objectStoreContract } from './object-store';
import { inSeconds } from './proves-signed-gets';
import { s3ConfigFor, s3Harness } from './s3-harness';

const server = await s3Server('minio');
if (server) {
  objectStoreContract('minio', () => s3Harness(server), 'networked');
  provesWhatMinioCan(server);
} else {
  test.skip('object store on minio', () => undefined);
}

const declared = (body: string) => ({
  contentType: 'image/jpeg',
  sizeBytes: body.length,
  sha256: sha256OfBytes(body),
  issuedAt: inSeconds(0),
  expiresAt: inSeconds(60),
});

function provesWhatMinioCan(server: S3Server): void {
  describe('an S3 store on MinIO', () => {
    test.skipIf(!server.encrypts)('encrypts at rest what is put, PUT by a URL, and copied', async () => {
      const config = s3ConfigFor(server);
      const [store, samples] = [new S3Store({ config }), await sampleFiles()];
      await store.prepare();
      const prefix = freshPrefix();
      const [put, signed, copied] = ['put', 'signed', 'copied'].map((name) => keyUnder(prefix, name)) as ObjectKey[];
      const file = await samples.of('bytes');
      await store.put(put!, file, 'image/jpeg');
      await store.copy(put!, copied!);
      const times = { issuedAt: inSeconds(0), expiresAt: inSeconds(60) };
      const { url, headers } = store.signPut({ key: signed!, contentType: 'image/jpeg', ...file, ...times });
      expect((await fetch(url, { method: 'PUT', headers, body: 'bytes' })).status).toBe(200);
      const client = new S3Client({ ...server, credentials: server, forcePathStyle: true });
      for (const Key of [put!, signed!, copied!]) {
        const head = await client.send(new HeadObjectCommand({ Bucket: config.bucket, Key }));
        expect(head.ServerSideEncryption).toBe('AES256');
      }
      await store.deleteMany([put!, signed!, copied!]);
      await samples.remove();
    });

    test('is found to take what was not signed, so that its PUT URLs hold a condition that no copy meets', async () => {
      const store = new S3Store({ config: s3ConfigFor(server) });
      await store.prepare();
      const { url, headers } = store.signPut({ key: keyUnder(freshPrefix(), 'a.jpg'), ...declared('bytes') });
      expect(headers).toContainKey('x-amz-copy-source-if-match');
      expect(url).toContain('x-amz-copy-source-if-match');
    });

    test('signs for the public endpoint, and itself goes to the inner one', async () => {
      const outside = await startTcpProxy(server.endpoint);
      const [store, samples] = [
        new S3Store({ config: { ...s3ConfigFor(server), publicEndpoint: outside.url } }),
        await sampleFiles(),
      ];
      await store.prepare();
      const key = keyUnder(freshPrefix(), 'a.jpg');
      await store.put(key, await samples.of('bytes'), 'image/jpeg');
      expect(outside.accepted).toBe(0);
      const url = store.signGet({ key, issuedAt: inSeconds(0), expiresAt: inSeconds(60) });
      expect(url).toStartWith(`${outside.url}/`);
      expect(await (await fetch(url)).text()).toBe('bytes');
      await store.deleteMany([key]);
      await outside.stop();
      await samples.remove();
    });
  });
}
