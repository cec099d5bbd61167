import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Cruise, cruise, ruleNames } from '../../scripts/cruise';
import { CLEAN, PLANTED } from './planted';

const repository = resolve(import.meta.dir, '../..');
const brokenBy = (run: Cruise, path: string) => [
  ...new Set(run.violations.filter(({ from }) => from === path).map(({ rule }) => rule)),
];

describe('the import rules', () => {
  let root: string;
  let run: Cruise;

  beforeAll(async () => {
    // inside the repository, so that packages are found as they are from src
    await mkdir(join(repository, '.cache'), { recursive: true });
    root = await mkdtemp(join(repository, '.cache/planted-'));
    for (const name of ['package.json', 'tsconfig.json']) await cp(join(repository, name), join(root, name));
    for (const [path, content] of Object.entries(CLEAN)) await Bun.write(join(root, path), content);
    for (const { path, content } of PLANTED) await Bun.write(join(root, path), content);
    run = await cruise(root);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test.each(PLANTED.map(({ rule, path }) => [rule, path]))('%s catches %s, and no other rule does', (rule, path) => {
    expect(brokenBy(run, path)).toEqual([rule]);
  });

  test('no rule is broken by the files that keep them all', () => {
    const files = Object.keys(CLEAN);
    expect(run.violations.filter(({ from }) => files.includes(from))).toEqual([]);
    expect(run.modules).toBeGreaterThan(files.length);
  });

  test('every rule has a planted violation', async () => {
    expect(new Set(PLANTED.map(({ rule }) => rule))).toEqual(new Set(await ruleNames()));
  });

  test('this repository breaks none of them', async () => {
    const { modules, violations } = await cruise();
    expect(violations).toEqual([]);
    expect(modules).toBeGreaterThan(100);
  });
});
