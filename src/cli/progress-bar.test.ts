import { expect, test } from 'bun:test';
import { progressBar } from './progress-bar';

function screen(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  const bar = progressBar({ isTTY, columns: 60, write: (text) => written.push(text) }, () => now);
  return { written, bar, after: (ms: number) => (now += ms) };
}

test('a bar shows its share, at most ten times a second, and leaves the line empty', () => {
  const { written, bar, after } = screen(true);
  bar.show(1, 4, 'images');
  bar.show(2, 4, 'images');
  after(100);
  bar.show(4, 4, 'images');
  bar.clear();
  bar.clear();
  expect(written).toHaveLength(3);
  expect(written[0]).toContain('██████░░░░░░░░░░░░░░░░░░ 25 %  1 of 4 images');
  expect(written[1]).toContain('100 %  4 of 4 images');
  expect(written[2]).toBe('\r\x1b[2K');
});

test('a bar without a total counts, and never runs over the line', () => {
  const { written, bar } = screen(true);
  bar.show(7, null, 'x'.repeat(100));
  expect(written[0]).toStartWith('\r\x1b[2K7 xxx');
  expect(written[0]?.replace('\r\x1b[2K', '')).toHaveLength(59);
});

test('what is no terminal is not written to', () => {
  const { written, bar } = screen(false);
  bar.show(1, 2, 'images');
  bar.clear();
  expect(written).toEqual([]);
  progressBar(null).show(1, 2, 'images');
});
