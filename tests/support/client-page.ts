import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import type { FileProblem, UploadedProduct, UploadProgress } from '../../src/client';

const repository = resolve(import.meta.dir, '../..');

/** A site of its own origin, whose page has the client's bundle and some photos. */
export interface ClientSite {
  readonly origin: string;
  stop(): Promise<void>;
}

export interface PageUpload {
  readonly url: string;
  readonly token: string;
  readonly prompt: string;
  /** Which of the site's photos. */
  readonly photos: readonly number[];
  readonly silenceMs?: number;
}

export interface PageResult {
  readonly product: UploadedProduct | null;
  readonly error: string | null;
  readonly problems: readonly FileProblem[];
  readonly progress: readonly UploadProgress[];
}

/** @param photos served at `/photos/{index}` */
export async function startClientSite(photos: readonly Uint8Array<ArrayBuffer>[]): Promise<ClientSite> {
  const entry = join(repository, 'src/client/index.ts');
  const built = await Bun.build({ entrypoints: [entry], target: 'browser', format: 'esm' });
  const bundle = (await built.outputs[0]?.text()) ?? '';
  const html = { 'content-type': 'text/html' };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    routes: {
      '/': new Response('<!doctype html><title>a shop</title>', { headers: html }),
      '/client.js': new Response(bundle, { headers: { 'content-type': 'text/javascript' } }),
      '/photos/:index': ({ params }) => new Response(photos[Number(params.index)]),
    },
  });
  // browsers take localhost for secure, so that WebCrypto is there
  return { origin: `http://localhost:${server.port}`, stop: () => server.stop(true) };
}

/** Runs `uploadProduct` in the page. A function `told` that the page has hears of the progress. */
export async function uploadInPage(page: Page, upload: PageUpload): Promise<PageResult> {
  return await page.evaluate(async ({ url, token, prompt, photos, silenceMs = 30_000 }: PageUpload) => {
    const { createClient } = (await import('/client.js' as string)) as typeof import('../../src/client');
    const retry = { firstMs: 100, maxMs: 500, attempts: 5, silenceMs };
    const { uploadProduct } = createClient({ url, token, retry });
    const blobs = await Promise.all(photos.map(async (index) => (await fetch(`/photos/${index}`)).blob()));
    const progress: UploadProgress[] = [];
    const onProgress = (now: UploadProgress) => {
      progress.push(now);
      (globalThis as { told?: (now: UploadProgress) => void }).told?.(now);
    };
    const files = blobs.map((blob, index) => new File([blob], `photo-${index}.jpg`));
    return await uploadProduct(files, prompt, { onProgress }).then(
      (product) => ({ product, error: null, problems: [], progress }),
      (error) => ({ product: null, error: String(error), problems: error.problems ?? [], progress }),
    );
  }, upload);
}
