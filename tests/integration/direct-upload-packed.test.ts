import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { complete, type Product, problemsOf, put, start } from '../support/direct-upload';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { s3Environment, startTestServer, type TestServer } from '../support/server';

// S3 keeps a Content-Encoding that its signature does not name. What is said to be packed is judged, kept and delivered as the bytes
// that were declared: a few of them may unpack to gigabytes, or to a photo that they are not.

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

describe.each([
  ['the disk store', true, () => ({})],
  ['MinIO', minio !== null, () => (minio ? s3Environment(minio) : {})],
  ['versitygw', versitygw !== null, () => (versitygw ? s3Environment(versitygw) : {})],
] as const)('a photo that is said to be packed, on %s,', (_name, isThere, environment) => {
  const promise = isThere ? test : test.skip;
  let server: TestServer;
  let seller: SellerClient;
  let picture: Buffer;

  beforeAll(async () => {
    if (!isThere) return;
    server = await startTestServer(environment());
    seller = await aSeller(server);
    picture = await photo({ seed: 31 });
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });

  /** Announced as JPEG, put with the header, completed. */
  async function sentAs(encoding: string, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
    const { product_id: id, uploads } = await start(seller, [bytes]);
    const [target] = uploads;
    const headers = { ...target!.headers, 'content-encoding': encoding };
    expect((await put({ ...target!, headers }, bytes)).status).toBe(200);
    return complete(seller, id);
  }

  promise('and is none is taken as it is, and delivered so', async () => {
    const answer = await sentAs('gzip', new Uint8Array(picture));
    expect(answer.status).toBe(200);
    const [image] = ((await answer.json()) as Product).images;
    const delivered = await fetch(image!.original_url);
    expect(delivered.headers.get('content-encoding')).toBeNull();
    expect(sha256OfBytes(await delivered.bytes())).toBe(sha256OfBytes(picture));
  });

  promise.each([
    ['br', brotliCompressSync],
    ['gzip', gzipSync],
  ] as const)('and is (%s) is no photo', async (encoding, pack) => {
    const answer = await sentAs(encoding, new Uint8Array(pack(picture)));
    expect(await problemsOf(answer)).toEqual([[expect.any(String), 'UNSUPPORTED_FORMAT']]);
  });

  promise('and would unpack to much costs no more than its bytes', async () => {
    const bomb = new Uint8Array(
      brotliCompressSync(Buffer.alloc(400 * 2 ** 20), { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
    );
    const before = process.memoryUsage().rss;
    const answer = await sentAs('br', bomb);
    expect(await problemsOf(answer)).toHaveLength(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });
});
