import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createClient } from '../../src/client';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { photo } from '../support/photos';
import { type RecordingGateway, startGateway } from '../support/recording-gateway';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { type Environment, s3Environment, startTestServer, type TestServer } from '../support/server';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

const minio = await s3Server('minio');
const UPLOADS = 6;
const PHOTOS = 4;

/** A server, its store, and between them and the client a line that breaks. */
interface BrokenLine {
  readonly server: TestServer;
  readonly gateway: RecordingGateway;
  readonly proxies: readonly TcpProxy[];
  stop(): Promise<void>;
}

async function lineTo(storeUrl: string | null, environment: (publicUrl: string) => Environment): Promise<BrokenLine> {
  let apiUrl = '';
  const gateway = startGateway(() => storeUrl ?? apiUrl);
  const toStore = await startTcpProxy(gateway.url);
  const server = await startTestServer(environment(toStore.url));
  apiUrl = `http://127.0.0.1:${server.port}`;
  const toApi = await startTcpProxy(apiUrl);
  const proxies = [toApi, toStore];
  return {
    server,
    gateway,
    proxies,
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await gateway.stop();
      await server.stop();
    },
  };
}

describe.each([
  ['the disk store', true, () => lineTo(null, (publicUrl) => ({ PUBLIC_URL: publicUrl }))],
  [
    'MinIO',
    minio !== null,
    () =>
      lineTo(minio?.endpoint ?? '', (publicUrl) => ({
        ...(minio ? s3Environment(minio) : {}),
        S3_PUBLIC_ENDPOINT_URL: publicUrl,
      })),
  ],
] as const)('a client whose connections break at random, on %s', (_name, isThere, start) => {
  const promise = isThere ? test : test.skip;
  let line: BrokenLine;
  let seller: SellerClient;
  let photos: Buffer[];

  beforeAll(async () => {
    if (!isThere) return;
    line = await start();
    seller = await aSeller({ url: `http://127.0.0.1:${line.server.port}` });
    photos = await Promise.all(Array.from({ length: PHOTOS }, (_each, seed) => photo({ seed: 40 + seed })));
  });
  afterAll(async () => {
    await line?.stop();
  });

  promise(
    'finishes every upload and sends no finished file twice',
    async () => {
      const [toApi, toStore] = line.proxies as [TcpProxy, TcpProxy];
      const size = Math.max(...photos.map(({ length }) => length));
      await toStore.set({ kind: 'lossy', meanBytes: 1.5 * size, losesAnswers: 0.3 });
      await toApi.set({ kind: 'lossy', meanBytes: 16_000, losesAnswers: 0.2 });
      const retry = { attempts: 60, firstMs: 50, maxMs: 400, silenceMs: 5_000 };
      const { uploadProduct } = createClient({ url: toApi.url, token: seller.accessToken, retry });
      const uploads = Array.from({ length: UPLOADS }, () =>
        uploadProduct(
          photos.map((bytes) => new Blob([new Uint8Array(bytes)])),
          PROMPT,
        ),
      );
      const products = await Promise.all(uploads);

      const expected = photos.map(sha256OfBytes);
      for (const product of products) expect(product.images.map(({ sha256 }) => sha256)).toEqual(expected);
      expect(new Set(products.map(({ id }) => id)).size).toBe(UPLOADS);
      expect(line.gateway.needless()).toEqual([]);
      // it was put to the test: files were cut off, and calls of the API too
      expect(line.gateway.puts.filter(({ status }) => status === 0).length).toBeGreaterThan(3);
      expect(toStore.cuts).toBeGreaterThan(UPLOADS);
      expect(toApi.cuts).toBeGreaterThan(3);
      const [{ n } = { n: 0 }] = await line.server.db.sql<{ n: number }>('select count(*)::int as n from products');
      expect(n).toBe(UPLOADS);
    },
    120_000,
  );
});
