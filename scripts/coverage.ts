export interface FileCoverage {
  readonly path: string;
  /** 0–1. A file without any counts as whole. */
  readonly lines: number;
  readonly functions: number;
}

const LEAST = 0.9;

/** Reads LCOV. @see https://manpages.debian.org/geninfo, TRACEFILE FORMAT */
export function readCoverage(lcov: string): FileCoverage[] {
  return lcov
    .split('end_of_record')
    .filter((record) => record.includes('SF:'))
    .map((record) => ({
      path: /^SF:(.*)$/m.exec(record)?.[1] ?? '',
      lines: share(record, 'LH', 'LF'),
      functions: share(record, 'FNH', 'FNF'),
    }));
}

/** What the table of 300 rows hides: the files that fail the threshold, and those that no test loaded at all. */
export function coverageReport(covered: readonly FileCoverage[], sources: readonly string[]): string[] {
  const known = new Set(covered.map(({ path }) => path));
  const low = covered.filter(({ lines, functions }) => lines < LEAST || functions < LEAST);
  const mean = (of: (file: FileCoverage) => number) =>
    percent(covered.reduce((sum, file) => sum + of(file), 0) / Math.max(1, covered.length));
  return [
    `Coverage: ${mean(({ lines }) => lines)} of lines, ${mean(({ functions }) => functions)} of functions (mean of ${covered.length} files)`,
    ...low.map(
      ({ path, lines, functions }) =>
        `  under 90 %: ${path} (${percent(lines)} lines, ${percent(functions)} functions)`,
    ),
    ...sources.filter((path) => !known.has(path)).map((path) => `  not loaded by any test: ${path}`),
  ];
}

function share(record: string, hit: string, found: string): number {
  const count = (name: string) => Number(new RegExp(`^${name}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0);
  return count(found) === 0 ? 1 : count(hit) / count(found);
}

const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
