// What a seller does, against a running server, over plain HTTP: registers, uploads photographs, follows what becomes of them, reads
// the product, opens its signed URLs.
//
//   bun run demo [--url http://localhost:3000] [--rate KB/s] [photo …]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../src/container';
import { type Api, answered, connect } from './demo/api';
import { DemoError } from './demo/demo-error';
import { followProduct } from './demo/follow';
import { uploadForm } from './demo/multipart-upload';
import { type Photo, photoAt, sha256Of } from './demo/photo';
import { type Screen, screenOf } from './demo/terminal';

type Outputs = inferRouterOutputs<AppRouter>;
type Product = Outputs['products']['get'];

interface Wanted {
  readonly url: string;
  readonly bytesPerSecond: number | undefined;
  readonly paths: readonly string[];
}

const USAGE = 'bun run demo [--url http://localhost:3000] [--rate KB/s] [photo …]';
const PHOTOS = ['coffee-cup.jpg', 'coffee-cup-handle-and-spoon.jpg', 'coffee-cup-inside.jpg'];
const PROMPT = 'Espresso cup with saucer and spoon, used, no chips';

try {
  await demo(wantedOf(process.argv.slice(2)), screenOf(process.stdout));
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = 1;
}

async function demo({ url, bytesPerSecond, paths }: Wanted, screen: Screen): Promise<void> {
  const photos = await Promise.all(paths.map(photoAt));
  const api = await connect(url);
  await register(api, screen);
  const id = await upload(api, photos, bytesPerSecond, screen);
  screen.step('What becomes of it, by WebSocket');
  await followProduct(api, id, screen);
  const product = (await api.call('GET', `/api/products/${id}`)) as Product;
  show(product, screen);
  if (product.status === 'processing') {
    screen.line('No worker has taken it: the README’s “Write a worker” starts one.');
  }
  await openSignedUrls(product, photos, screen);
}

async function register(api: Api, screen: Screen): Promise<void> {
  const account = { email: `demo-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() };
  const tokens = (await api.call('POST', '/api/auth/register', account)) as Outputs['auth']['register'];
  api.logIn(tokens.access_token);
  screen.step(`A seller registers at ${api.url}`);
  screen.good(`${tokens.user.email}, password ${account.password}`);
}

async function upload(
  api: Api,
  photos: readonly Photo[],
  bytesPerSecond: number | undefined,
  screen: Screen,
): Promise<string> {
  screen.step(
    `The seller uploads ${photos.length === 1 ? 'a photograph' : `${photos.length} photographs`} and one line`,
  );
  const began = performance.now();
  const { status, body } = await uploadForm({
    url: new URL(`${api.url}/api/products`),
    headers: { ...api.headers, 'idempotency-key': crypto.randomUUID() },
    fields: { prompt_text: PROMPT },
    photos,
    bytesPerSecond,
    onSent: (photo, sent) => screen.progress(photo.name, sent, photo.sizeBytes),
  });
  const created = answered(status, body) as Outputs['products']['create'];
  screen.good(`${status} after ${Math.round(performance.now() - began)} ms: from now on nothing of it is lost`);
  return created.id;
}

function show(product: Product, screen: Screen): void {
  screen.step('The product');
  screen.line(`id      ${product.id}`);
  screen.line(`status  ${product.status}`);
  screen.line(`prompt  ${product.prompt_text}`);
  for (const image of product.images) {
    const size = `${image.resolution_width}×${image.resolution_height} ${image.file_format}`;
    screen.line(
      `image   ${image.position} ${size}, ${image.file_size_bytes} bytes${image.is_primary ? ', primary' : ''}`,
    );
  }
}

/** Whoever holds a signed URL gets the very bytes that were sent, and nobody gets them without the signature. */
async function openSignedUrls(product: Product, photos: readonly Photo[], screen: Screen): Promise<void> {
  screen.step('Its signed URLs, opened without a token');
  for (const [index, { original_url: url }] of product.images.entries()) {
    const response = await fetch(url);
    const got = sha256Of(await response.bytes());
    if (!response.ok || got !== photos[index]?.sha256) throw new DemoError(`${url} did not give back what was sent.`);
    screen.line(url);
    screen.good(`the same bytes, sha-256 ${got}`);
    const bare = await fetch(url.replace(/\?.*/, ''));
    if (bare.ok) throw new DemoError(`${url} opens without its signature.`);
    screen.good(`without its signature: ${bare.status}`);
  }
}

/** @throws DemoError with the usage */
function wantedOf(args: readonly string[]): Wanted {
  try {
    const options = { url: { type: 'string' }, rate: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const rate = values.rate === undefined ? undefined : Number(values.rate) * 1000;
    if (rate !== undefined && !(rate > 0)) throw new Error('--rate must be a number above 0.');
    const url = new URL(values.url ?? 'http://localhost:3000');
    if (!/^https?:$/.test(url.protocol)) throw new Error('--url must begin with http:// or https://.');
    const ours = PHOTOS.map((name) => join(import.meta.dir, 'photos', name));
    return {
      url: url.href.replace(/\/$/, ''),
      bytesPerSecond: rate,
      paths: positionals.length > 0 ? positionals : ours,
    };
  } catch (error) {
    throw new DemoError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}
