import { expect, test } from 'bun:test';
import { join, resolve } from 'node:path';
import { Glob } from 'bun';

const repository = resolve(import.meta.dir, '../..');
const LONGEST = 300;
const MEDIAN = 70;

const sizes = (
  await Promise.all(
    [...new Glob('{src,scripts,bench,examples,tests}/**/*.ts').scanSync(repository)].map(async (path) => {
      const text = await Bun.file(join(repository, path)).text();
      return { path, lines: text.split('\n').length - 1 };
    }),
  )
).sort((a, b) => a.lines - b.lines);
const ofSource = sizes.filter(({ path }) => path.startsWith('src/') && !path.endsWith('.test.ts'));

test(`no file has more than ${LONGEST} lines, so that what it does has a name`, () => {
  expect(sizes.filter(({ lines }) => lines > LONGEST)).toEqual([]);
});

test(`half of the source files have at most ${MEDIAN} lines`, () => {
  expect(ofSource.length).toBeGreaterThan(50);
  expect(ofSource[Math.floor(ofSource.length / 2)]?.lines).toBeLessThanOrEqual(MEDIAN);
});
