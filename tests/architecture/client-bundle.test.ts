import { expect, test } from 'bun:test';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import manifest from '../../package.json';

const repository = resolve(import.meta.dir, '../..');
const entry = join(repository, manifest.exports['./client']);

async function bundled(minify: boolean) {
  const built = await Bun.build({ entrypoints: [entry], target: 'browser', minify, sourcemap: 'external' });
  const text = async (ending: string) => (await built.outputs.find(({ path }) => path.endsWith(ending))?.text()) ?? '';
  return { code: await text('.js'), sources: (JSON.parse(await text('.js.map')) as { sources: string[] }).sources };
}

test('what a browser loads is the client and tRPC’s own client, and nothing of the server', async () => {
  const { code, sources } = await bundled(false);
  const ours = sources.filter((source) => !source.includes('node_modules/'));
  const packages = sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
  expect(ours.length).toBeGreaterThan(5);
  expect(ours.filter((source) => !/(^|\/)client\//.test(source))).toEqual([]);
  expect([...new Set(packages)].sort()).toEqual(['@trpc/client', '@trpc/server']);
  const imports = new Bun.Transpiler({ loader: 'js' }).scanImports(code).map(({ path }) => path);
  expect(imports.filter((path) => isBuiltin(path) || path.startsWith('bun'))).toEqual([]);
  for (const word of ['elysia', 'drizzle', 'DATABASE_URL', 'JWT_SECRET', 'S3_SECRET_ACCESS_KEY', 'process.env']) {
    expect([word, code.includes(word)]).toEqual([word, false]);
  }
});

test('it is small: at most 48 KiB before compression', async () => {
  expect((await bundled(true)).code.length).toBeLessThan(48 * 1024);
});
