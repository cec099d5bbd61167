import { expect, test } from 'bun:test';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dir, '../..');

test('docs/dependencies.md says of every package what it is for, and of no other', async () => {
  const { dependencies, devDependencies } = await Bun.file(join(repository, 'package.json')).json();
  const page = await Bun.file(join(repository, 'docs/dependencies.md')).text();
  const [, atRunTime = '', forDevelopment = ''] = page.split(/^## /m);
  const named = (section: string) => [...section.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, name]) => name).sort();
  expect(named(atRunTime)).toEqual(Object.keys(dependencies).sort());
  expect(named(forDevelopment)).toEqual(Object.keys(devDependencies).sort());
});

test('every version is exact', async () => {
  const { dependencies, devDependencies } = await Bun.file(join(repository, 'package.json')).json();
  const versions = Object.values<string>({ ...dependencies, ...devDependencies });
  expect(versions.filter((version) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
