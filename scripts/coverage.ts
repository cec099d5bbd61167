interface Share {
  readonly hit: number;
  readonly found: number;
}

export interface FileCoverage {
  readonly path: string;
  readonly lines: Share;
  readonly functions: Share;
}

/** Of the sums over all files. */
const LEAST = 0.9;
/** Of each file, so that nothing goes untested behind the others' numbers. */
const LEAST_OF_FILE = { lines: 0.9, functions: 0.5 };
/** A file may leave out so many lines whatever its size: a handler of what no test can bring about is a fifth of a small file. */
const LINES_SPARED = 3;

/** Reads LCOV. @see https://manpages.debian.org/geninfo, TRACEFILE FORMAT */
export function readCoverage(lcov: string): FileCoverage[] {
  return lcov
    .split('end_of_record')
    .filter((record) => record.includes('SF:'))
    .map((record) => ({
      path: /^SF:(.*)$/m.exec(record)?.[1] ?? '',
      lines: { hit: count(record, 'LH'), found: count(record, 'LF') },
      functions: { hit: count(record, 'FNH'), found: count(record, 'FNF') },
    }));
}

/**
 * The sums, and what the table of 300 rows hides: the files with too little covered, those with little, and those that no test
 * loaded at all.
 * @param sources paths of all files that should be loaded
 */
export function coverageReport(
  covered: readonly FileCoverage[],
  sources: readonly string[],
): { enough: boolean; says: string[] } {
  const sums = { lines: sum(covered.map(({ lines }) => lines)), functions: sum(covered.map((file) => file.functions)) };
  const known = new Set(covered.map(({ path }) => path));
  const low = covered.filter(({ lines, functions }) => part(lines) < LEAST || part(functions) < LEAST);
  const says = [
    `Coverage: ${percent(sums.lines)} of lines, ${percent(sums.functions)} of functions; at least ${100 * LEAST} % is asked`,
    ...low.map((file) => {
      const verdict = tooLittle(file) ? 'too little' : 'least';
      return `  ${verdict}: ${file.path} (${percent(file.lines)} lines, ${percent(file.functions)} functions)`;
    }),
    ...sources.filter((path) => !known.has(path)).map((path) => `  not loaded by the tests’ own process: ${path}`),
  ];
  const enough = part(sums.lines) >= LEAST && part(sums.functions) >= LEAST && !covered.some(tooLittle);
  return { enough, says };
}

function tooLittle({ lines, functions }: FileCoverage): boolean {
  const manyLines = part(lines) < LEAST_OF_FILE.lines && lines.found - lines.hit > LINES_SPARED;
  return manyLines || part(functions) < LEAST_OF_FILE.functions;
}

function count(record: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0);
}

function sum(shares: readonly Share[]): Share {
  return shares.reduce((all, one) => ({ hit: all.hit + one.hit, found: all.found + one.found }), { hit: 0, found: 0 });
}

const part = ({ hit, found }: Share) => (found === 0 ? 1 : hit / found);
const percent = (share: Share) => `${(100 * part(share)).toFixed(1)} %`;
