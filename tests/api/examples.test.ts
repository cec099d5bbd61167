import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { banner } from '../../src/banner';
import { loadSettings } from '../../src/config/load';
import { startTestServer, type TestServer, until } from '../support/server';
import { ANY_WORKER, aWorkerAccount, startWorker } from '../support/worker-process';

const REPOSITORY = resolve(import.meta.dir, '../..');
const PHOTO = resolve(REPOSITORY, 'examples/photos/coffee-cup.jpg');
const PHOTO_SHA256 = new Bun.CryptoHasher('sha256').update(await Bun.file(PHOTO).bytes()).digest('hex');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ PREPARE_CONCURRENCY: '1' });
}, 60_000);
afterAll(async () => {
  await server.stop();
});

async function run(command: readonly string[], cwd = REPOSITORY) {
  const child = Bun.spawn([...command], { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const [code, out = '', err = ''] = await Promise.all([child.exited, ...texts]);
  return { code, out, err };
}

const bun = (...words: string[]) => run([process.execPath, ...words]);
const count = (text: string, part: string) => text.split(part).length - 1;

describe('the demo', () => {
  test('uploads the photographs, shows what was sent, and gets the same bytes from the signed URLs', async () => {
    const { code, out, err } = await bun('examples/demo.ts', '--url', server.url);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('sent  coffee-cup.jpg  370 of 370 KB');
    expect(out).toMatch(/201 after \d+ ms/);
    expect([count(out, 'the same bytes'), count(out, 'without its signature: 403')]).toEqual([3, 3]);
    expect(out).toContain(PHOTO_SHA256);
    const [, id = ''] = /id {6}(\S+)/.exec(out) ?? [];
    expect(await server.db.sql('select status, image_count from products where id = $1', [id])).toEqual([
      { status: 'processing', image_count: 3 },
    ]);
  }, 30_000);

  test('shows the product move to processing by itself, says how to start a worker, and shows it move on where one runs', async () => {
    const alone = await bun('examples/demo.ts', '--url', server.url, PHOTO);
    expect(alone.out).toMatch(/ {2}uploading .*\n {2}processing /);
    expect(alone.out).toContain('“Write a worker” starts one');
    const worker = startWorker(ANY_WORKER, server.url, await aWorkerAccount(server, server.db));
    await until(() => worker.output.text.includes(' complete after '), 'the worker has begun');
    const { out } = await bun('examples/demo.ts', '--url', server.url, PHOTO);
    await worker.end('SIGTERM');
    expect(out).toMatch(/ {2}processing 0 %: photo 1 of 1 .*\n {2}ready /);
    expect(out).toContain('status  ready');
  }, 60_000);

  test('writes plain lines where nobody looks at a terminal', async () => {
    const { out } = await bun('examples/demo.ts', '--url', server.url, PHOTO);
    expect(out).toContain('ok  the same bytes');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(out).not.toMatch(/[\x1b\r]/);
  });

  test('says what to do where no server runs', async () => {
    const { code, err } = await bun('examples/demo.ts', '--url', 'http://127.0.0.1:9');
    expect(code).toBe(1);
    expect(err).toContain('No server answers at http://127.0.0.1:9. Start one with `bun start`');
    expect(err).not.toContain('    at ');
  });

  test('says what the server refused, and what is wrong with its own words', async () => {
    const refused = await bun('examples/demo.ts', '--url', server.url, resolve(REPOSITORY, 'LICENSE'));
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('422 UNSUPPORTED_FORMAT')]);
    const absent = await bun('examples/demo.ts', '--url', server.url, 'nowhere.jpg');
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('There is no file nowhere.jpg')]);
    for (const wrong of [['--url', 'localhost:3000'], ['--rate', 'fast'], ['--unknown']]) {
      expect((await bun('examples/demo.ts', ...wrong)).err).toContain('bun run demo [--url');
    }
  });
});

describe('the typed client', () => {
  test('registers, logs in, uploads a form, lists, reads, uploads directly and opens signed URLs', async () => {
    const { code, out, err } = await bun('examples/typed-client.ts', server.url);
    expect([code, err]).toEqual([0, '']);
    const [, id = ''] = /created (\S+) uploading/.exec(out) ?? [];
    expect(out).toContain(`listed 1 of mine, first ${id}`);
    expect(out).toContain(`got jpeg ${PHOTO_SHA256}`);
    expect(out).toMatch(new RegExp(`kept \\S+ ${PHOTO_SHA256}`));
    expect(out).toMatch(new RegExp(`opened \\S+ ${PHOTO_SHA256}`));
    expect(out).toMatch(/refused PRODUCT_NOT_FOUND 404 \S{8}/);
  });

  test('carries nothing of the server', async () => {
    const build = await Bun.build({
      entrypoints: [resolve(REPOSITORY, 'examples/typed-client.ts')],
      target: 'bun',
      sourcemap: 'external',
    });
    const map = build.outputs.find(({ kind }) => kind === 'sourcemap')!;
    const { sources } = (await map.json()) as { sources: string[] };
    expect(sources.some((path) => path.includes('@trpc/client'))).toBe(true);
    expect(sources.filter((path) => /(^|\/)src\/(?!client\/)/.test(path) && !path.includes('node_modules'))).toEqual(
      [],
    );
  });
});

describe('what `bun start` shows to paste', () => {
  const shells = ['sh', 'bash', 'dash', 'zsh'].filter((name) => Bun.which(name) !== null);

  test.each(shells)('answers 201 in %s, whatever folder one stands in', async (shell) => {
    const shown = banner(loadSettings({}), server);
    const pasted = shown.split('\n').filter((line) => line.startsWith('  TOKEN=') || /^ {2}( {2}|curl)/.test(line));
    expect(pasted).toHaveLength(6);
    const { out } = await run([shell, '-c', pasted.join('\n')], '/');
    expect(out).toStartWith('HTTP/1.1 201 Created');
    const [, id] = /"id":"([^"]+)"/.exec(out) ?? [];
    expect(await server.db.sql('select sha256 from product_images where product_id = $1', [id])).toEqual([
      { sha256: PHOTO_SHA256 },
    ]);
    await Bun.sleep(1000 - (Date.now() % 1000)); // the pasted address is made of the second
  });
});

test('the first upload of the README answers 201', async () => {
  const readme = await Bun.file(resolve(REPOSITORY, 'README.md')).text();
  const [, block = ''] = /```sh\n(TOKEN=[\s\S]*?)```/.exec(readme) ?? [];
  expect(block).toContain('http://localhost:3000/api/products');
  const { out } = await run(['sh', '-c', block.replaceAll('http://localhost:3000', server.url)]);
  expect(out).toStartWith('HTTP/1.1 201 Created');
  expect(out).toContain('"image_count":2');
  expect(out).toContain('"total":1');
});
