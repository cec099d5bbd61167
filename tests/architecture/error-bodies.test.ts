import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { leaksIn } from '../support/error-bodies';

const repository = resolve(import.meta.dir, '../..');
const folder = await mkdtemp(join(tmpdir(), 'test-error-bodies-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const saying = (message: string) => JSON.stringify({ error: { code: 'INTERNAL', message, request_id: 'x' } });

test.each([
  ['a stack', 'boom\n    at create (/app/src/server.ts:12:3)'],
  ['an error of the runtime', 'TypeError: undefined is not a function'],
  ['an error of the runtime', 'connect ECONNREFUSED'],
  ['SQL', 'Failed query: select "id" from "products"'],
  ['SQL', 'insert into users values (1)'],
  ['SQL', 'duplicate key value violates unique constraint "users_email_key"'],
  ['a path of the machine', 'no such file: /var/data/tmp/abc'],
  ['a bucket', 's3://photos/x'],
  [
    'a key of an object',
    'products/0190a0c1-7f3a-7cc2-9d1b-3f6f1d2a4b5c/0190a0c1-7f3a-7cc2-9d1b-3f6f1d2a4b5d/original.jpg',
  ],
  ['words of the store', '<Error><Code>NoSuchKey</Code></Error>'],
  ['a secret', 'postgres://app:hunter2@db/store'],
  ['an address inside', 'no answer of 10.0.0.7:5432'],
])('an error body with %s is seen: %s', (what, message) => {
  expect(leaksIn(saying(message)).join()).toContain(what);
});

test.each([
  'The prompt has 10 to 500 characters.',
  'An image has 8 photos at most: 9 were sent.',
  'Content-Type and Content-Length must be those that the URL was signed for.',
  'Unrecognized key: "prompt"',
])('one that tells nothing is not: %s', (message) => {
  expect(leaksIn(saying(message))).toEqual([]);
});

const SERVER = `const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(
  JSON.stringify({ error: { message: 'select secret from users' } }), { status: 500, headers: { 'x-request-id': '1' } }) });`;

test('a test that receives one fails, even if it never looks at the body', async () => {
  const planted = async (answer: string) => {
    const file = join(folder, `planted-${Bun.randomUUIDv7()}.test.ts`);
    const body = `expect((await fetch(server.url)).status).toBe(500); server.stop(true);`;
    await Bun.write(
      file,
      `import { expect, test } from 'bun:test';\n${answer}\ntest('planted', async () => { ${body} });`,
    );
    const preload = join(repository, 'tests/support/preload.ts');
    const child = Bun.spawn([process.execPath, 'test', '--preload', preload, file], { cwd: folder, stderr: 'pipe' });
    const said = await new Response(child.stderr).text();
    return { code: await child.exited, said };
  };
  const bitten = await planted(SERVER);
  expect([bitten.code === 0, bitten.said]).toEqual([false, expect.stringContaining('tells what it must not')]);
  expect((await planted(SERVER.replace('select secret from users', 'It failed.'))).code).toBe(0);
});
