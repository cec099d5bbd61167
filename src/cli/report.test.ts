import { expect, test } from 'bun:test';
import { printReport, printRows, type Report } from './report';

function printed(work: (to: { flags: ReadonlySet<string>; print(line: string): void }) => void, ...flags: string[]) {
  const lines: string[] = [];
  work({ flags: new Set(flags), print: (line) => lines.push(line) });
  return lines;
}

const REPORT: Report = { outcome: 'ok', counts: { drained: 3, expired: 12 }, cursor: null };

test('a report is a table for people, its groups opened', () => {
  expect(printed((to) => printReport(to, REPORT))).toEqual(['outcome  ok', 'drained  3', 'expired  12', 'cursor   -']);
});

test('a report is one line of JSON for programs', () => {
  const lines = printed((to) => printReport(to, REPORT), 'json');
  expect(lines.map((line) => JSON.parse(line))).toEqual([REPORT]);
});

test('rows are a table under their names, or a line of JSON each', () => {
  const rows: Report[] = [
    { id: 1, counts: { a: 1, b: 2 } },
    { id: 20, counts: {} },
  ];
  expect(printed((to) => printRows(to, ['id', 'counts'], rows))).toEqual(['id  counts', '1   a=1 b=2', '20']);
  const lines = printed((to) => printRows(to, ['id', 'counts'], rows), 'json');
  expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
});
