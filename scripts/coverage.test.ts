import { describe, expect, test } from 'bun:test';
import { coverageReport, readCoverage } from './coverage';

const record = (path: string, [linesHit, lines]: number[], [functionsHit, functions]: number[]) =>
  `TN:\nSF:${path}\nFNF:${functions}\nFNH:${functionsHit}\nDA:1,1\nLF:${lines}\nLH:${linesHit}\nend_of_record\n`;

describe('the coverage of a whole run', () => {
  test('sums over files, and names those with little and those that no test loads', () => {
    const lcov = record('src/low.ts', [10, 10], [1, 2]) + record('src/whole.ts', [89, 90], [20, 20]);
    expect(coverageReport(readCoverage(lcov), ['src/low.ts', 'src/whole.ts', 'src/main.ts'])).toEqual({
      enough: true,
      says: [
        'Coverage: 99.0 % of lines, 95.5 % of functions; at least 90 % is asked',
        '  least: src/low.ts (100.0 % lines, 50.0 % functions)',
        '  not loaded by the tests’ own process: src/main.ts',
      ],
    });
  });

  test('is not enough under 90 % of lines, or of functions', () => {
    const enough = (lcov: string) => coverageReport(readCoverage(lcov), []).enough;
    expect(enough(record('a.ts', [90, 100], [9, 10]))).toBe(true);
    expect(enough(record('a.ts', [89, 100], [9, 10]))).toBe(false);
    expect(enough(record('a.ts', [90, 100], [8, 10]))).toBe(false);
  });

  test('is not enough where one file among whole ones has too little, and names it', () => {
    const others = record('src/whole.ts', [900, 900], [90, 90]);
    const of = (path: string, lines: number[], functions: number[]) =>
      coverageReport(readCoverage(others + record(path, lines, functions)), []);
    expect(of('src/few-lines.ts', [35, 39], [3, 3])).toMatchObject({
      enough: false,
      says: [expect.any(String), '  too little: src/few-lines.ts (89.7 % lines, 100.0 % functions)'],
    });
    expect(of('src/few-functions.ts', [40, 40], [1, 3]).enough).toBe(false);
    expect(of('src/half-its-functions.ts', [40, 40], [1, 2]).enough).toBe(true);
  });

  test('spares three lines of a small file', () => {
    const small = (hit: number) =>
      coverageReport(readCoverage(record('a.ts', [900, 900], [90, 90]) + record('small.ts', [hit, 9], [1, 1])), []);
    expect(small(6).enough).toBe(true);
    expect(small(5).enough).toBe(false);
  });

  test('takes a file without any function for covered', () => {
    expect(coverageReport(readCoverage(record('types.ts', [0, 0], [0, 0])), []).enough).toBe(true);
  });
});
