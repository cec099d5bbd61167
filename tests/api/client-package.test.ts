import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import manifest from '../../package.json';
import { buildClientPackage } from '../../scripts/client-package/build';
import { type ClientConsumer, clientConsumer } from '../support/client-consumer';
import { photo } from '../support/photos';
import { aSeller, PROMPT } from '../support/seller-client';
import { startTestServer, type TestServer } from '../support/server';

const REPOSITORY = resolve(import.meta.dir, '../..');
const COMPILERS = [
  ['TypeScript 6', 'node_modules/typescript/bin/tsc'],
  ['TypeScript 7', 'node_modules/typescript7/bin/tsc'],
] as const;
const RUNTIMES = [
  ['Node', Bun.which('node')],
  ['Bun', process.execPath],
] as const;
/** What a new project is given: nothing of Bun. */
const COMMON = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: 'ES2022', lib: ['ES2022', 'DOM'] };
const STRICT = { erasableSyntaxOnly: true, verbatimModuleSyntax: true, noUnusedLocals: true };
const SETTINGS = [
  ['a bundler', { ...COMMON, ...STRICT, module: 'ESNext', moduleResolution: 'bundler' }],
  ['Node', { ...COMMON, module: 'NodeNext', moduleResolution: 'nodenext' }],
  // tRPC's own want more than ES2022
  ['whoever checks declarations too', { ...COMMON, module: 'Preserve', skipLibCheck: false, lib: ['ESNext', 'DOM'] }],
] as const;
const USE = `import { type AppRouter, createClient, UploadFailed, type UploadProgress } from 'intellipost-product-store/client';
import type { TRPCClientError } from '@trpc/client';

const { api, uploadProduct } = createClient({ url: 'http://localhost:3000', getToken: () => 'a token' });
export async function send(files: FileList, onProgress: (progress: UploadProgress) => void): Promise<string[]> {
  try {
    const product = await uploadProduct(files, 'Espresso cup', { onProgress, signal: AbortSignal.timeout(1000) });
    // @ts-expect-error a product has no such property
    product.nonsense;
    // @ts-expect-error no product is ever that
    await api.products.list.query({ status: 'sold' });
    const { products } = await api.products.list.query({ limit: 10 });
    const status: 'uploading' | 'processing' | 'ready' | 'publishing' | 'published' | 'failed' = product.status;
    return [product.id, status, ...products.map(({ id }) => id)];
  } catch (error) {
    if (error instanceof UploadFailed) return error.problems.map(({ index, message }) => index + message);
    const code: 'QUOTA_EXCEEDED' | string | undefined = (error as TRPCClientError<AppRouter>).data?.code;
    return [code ?? ''];
  }
}
export const follow = () =>
  api.products.events.subscribe({ last_event_id: 0 }, { onData: ({ data }) => console.log(data.type.toUpperCase()) });
`;

let built: string;
let consumer: ClientConsumer;
beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'test-client-package-'));
  await buildClientPackage(built);
  consumer = await clientConsumer(built);
  await consumer.write('use.ts', USE);
}, 180_000);
afterAll(async () => {
  await consumer?.remove();
  await rm(built, { recursive: true });
});

test('the client as a package has the versions of this repository, and names nothing else', async () => {
  const { name, dependencies, exports } = await Bun.file(join(built, 'package.json')).json();
  expect([name, Object.keys(exports)]).toEqual([manifest.name, ['./client']]);
  expect(dependencies).toEqual({
    '@trpc/client': manifest.dependencies['@trpc/client'],
    '@trpc/server': manifest.dependencies['@trpc/server'],
  });
  const declaration = await Bun.file(join(built, 'client.d.ts')).text();
  const named = [...declaration.matchAll(/(?:from |import\()['"]([^'"]+)/g)].map(([, from = '']) => from);
  expect(named.filter((from) => !from.startsWith('@trpc/'))).toEqual([]);
});

describe.each(COMPILERS)('to %s its types', (_compiler, tsc) => {
  test.each(SETTINGS)(
    'say what is right and what is wrong, as set up for %s',
    async (_name, compilerOptions) => {
      await consumer.write('tsconfig.json', { compilerOptions, files: ['use.ts'] });
      expect(await consumer.run([process.execPath, join(REPOSITORY, tsc), '-p', '.'])).toEqual({ code: 0, out: '' });
    },
    120_000,
  );
});

describe('what it runs as', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  for (const [name, program] of RUNTIMES) {
    const promise = program === null ? test.skip : test;
    promise(`is the same in ${name}: it calls, uploads and hears of the bytes`, async () => {
      const { accessToken } = await aSeller(server);
      await Bun.write(join(consumer.folder, 'photo.jpg'), await photo({ seed: 95 }));
      await consumer.write(
        'run.mjs',
        `import { readFile } from 'node:fs/promises';
import { createClient } from 'intellipost-product-store/client';
const { api, uploadProduct } = createClient(${JSON.stringify({ url: server.url, token: accessToken })});
let sent = 0;
const file = new Blob([await readFile('photo.jpg')]);
const onProgress = ({ sentBytes }) => (sent = sentBytes);
const { id } = await uploadProduct([file], ${JSON.stringify(PROMPT)}, { onProgress });
const { image_count } = await api.products.get.query({ id });
console.log(image_count, sent === file.size);
`,
      );
      expect(await consumer.run([program ?? '', 'run.mjs'])).toEqual({ code: 0, out: '1 true\n' });
    });
  }
});
