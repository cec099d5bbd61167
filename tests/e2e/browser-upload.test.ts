import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { BrowserContext, Page } from 'playwright-core';
import type { UploadProgress } from '../../src/client';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { browser } from '../support/browser';
import { type ClientSite, startClientSite, uploadInPage } from '../support/client-page';
import { photo } from '../support/photos';
import { type RecordingGateway, startGateway } from '../support/recording-gateway';
import { s3Server } from '../support/s3-servers';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';
import { type Environment, s3Environment, startTestServer, type TestServer } from '../support/server';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

const chromium = await browser();
const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');

describe.each([
  ['the disk store', true, true, {}],
  // its rules are of the whole server, and by default let every page in
  ['MinIO', minio !== null, false, minio ? s3Environment(minio) : {}],
  ['versitygw', versitygw !== null, true, versitygw ? s3Environment(versitygw) : {}],
] as const)('a page of another origin in Chromium, on %s', (_name, isThere, hasRules, store: Environment) => {
  const promise = isThere && chromium ? test : test.skip;
  let photos: Uint8Array<ArrayBuffer>[];
  let site: ClientSite;
  let strange: ClientSite;
  let server: TestServer;
  let gateway: RecordingGateway;
  let line: TcpProxy;
  let seller: SellerClient;
  let context: BrowserContext;

  beforeAll(async () => {
    if (!isThere || !chromium) return;
    const formats = ['jpeg', 'png', 'jpeg'] as const;
    const made = await Promise.all(formats.map((format, seed) => photo({ seed: 80 + seed, format })));
    const small = await photo({ width: 320, height: 240 });
    photos = [...made, small].map((bytes) => new Uint8Array(bytes));
    [site, strange] = await Promise.all([startClientSite(photos), startClientSite(photos)]);
    gateway = startGateway(() => store.S3_ENDPOINT_URL ?? `http://127.0.0.1:${server.port}`);
    line = await startTcpProxy(gateway.url);
    const publicly = store.S3_ENDPOINT_URL ? { S3_PUBLIC_ENDPOINT_URL: line.url } : { PUBLIC_URL: line.url };
    server = await startTestServer({ ...store, ...publicly, CORS_ORIGINS: site.origin });
    seller = await aSeller({ url: `http://127.0.0.1:${server.port}` });
    context = await chromium.newContext();
  }, 120_000);
  afterAll(async () => {
    await context?.close();
    await Promise.all([site?.stop(), strange?.stop(), line?.stop()]);
    await gateway?.stop();
    await server?.stop();
  });

  const open = async (origin: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(origin);
    return page;
  };
  const upload = (which: readonly number[], url = `http://127.0.0.1:${server.port}`) => ({
    url,
    token: seller.accessToken,
    prompt: PROMPT,
    photos: which,
  });

  promise('uploads photos straight to the store, sees their bytes leave, and gets the product', async () => {
    const page = await open(site.origin);
    const { product, error, progress } = await uploadInPage(page, upload([0, 1, 2]));
    expect(error).toBeNull();
    expect(product?.images.map(({ sha256 }) => sha256)).toEqual(photos.slice(0, 3).map(sha256OfBytes) as never);
    const total = photos.slice(0, 3).reduce((sum, { length }) => sum + length, 0);
    const sent = progress.map(({ sentBytes }) => sentBytes);
    expect(sent.at(-1)).toBe(total);
    expect(sent.some((bytes) => bytes > 0 && bytes < total)).toBe(true);
    expect(gateway.puts.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await page.evaluate(async (url) => (await fetch(url)).status, product?.images[0]?.original_url ?? '')).toBe(
      200,
    );
    await page.close();
  });

  promise('is told which of its photos the server does not take', async () => {
    const page = await open(site.origin);
    const { problems } = await uploadInPage(page, upload([0, 3]));
    expect(problems).toMatchObject([{ index: 1, problem: 'RESOLUTION_TOO_LOW' }]);
    await page.close();
  });

  promise('that is not in CORS_ORIGINS can call neither the API nor, where it has rules, the store', async () => {
    const page = await open(strange.origin);
    await server.container.storage.sweep(); // what completed uploads have been copied from
    const before = await server.keys();
    const { product, error } = await uploadInPage(page, upload([0]));
    expect(product).toBeNull();
    expect(error).toContain('Failed to fetch');
    if (hasRules) {
      const started = await seller.trpc().uploads.start.mutate({
        prompt_text: PROMPT,
        images: [{ content_type: 'image/jpeg', file_size_bytes: photos[0]!.length, sha256: sha256OfBytes(photos[0]!) }],
      });
      const put = started.uploads[0]!;
      const sent = page.evaluate(
        async ({ url, headers }) =>
          (await fetch(url, { method: 'PUT', headers, body: await (await fetch('/photos/0')).blob() })).status,
        { url: put.url, headers: put.headers },
      );
      await expect(sent).rejects.toThrow('Failed to fetch');
    }
    expect(await server.keys()).toEqual(before);
    await page.close();
  });

  promise('goes on when its network is back, and sends no finished file twice', async () => {
    const page = await open(site.origin);
    const before = gateway.puts.length;
    await line.set({ kind: 'slow', bytesPerSecond: 200_000 });
    const away = Promise.withResolvers<void>();
    await page.exposeFunction('told', ({ sentBytes }: UploadProgress) => {
      if (sentBytes > 0) away.resolve();
    });
    const uploaded = uploadInPage(page, upload([0, 1, 2]));
    await away.promise;
    // what the browser says of its network, and what becomes of connections then
    await context.setOffline(true);
    await line.set({ kind: 'reset' });
    await Bun.sleep(1_000);
    await line.set({ kind: 'pass' });
    await context.setOffline(false);
    const { product, error, progress } = await uploaded;
    expect(error).toBeNull();
    expect(product?.image_count).toBe(3);
    expect(gateway.needless()).toEqual([]);
    // it was away while files were under way
    const sent = progress.map(({ sentBytes }) => sentBytes);
    expect(sent).not.toEqual(sent.toSorted((a, b) => a - b));
    expect(gateway.puts.slice(before).filter(({ status }) => status === 200)).toHaveLength(3);
    await page.close();
  });
});
