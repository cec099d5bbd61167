import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Glob } from 'bun';
import { dockerAnswers } from '../tests/support/docker';
import { runAtExit } from '../tests/support/exit';
import { testServer } from '../tests/support/postgres';
import { coverageReport, readCoverage } from './coverage';
import { readReport, type TestReport } from './test-report';

// `bun run test [what bun test takes]`: the tests as `bun test` runs them, then what each part took and the sums.
// Without arguments it runs all of them, two files at a time on one PostgreSQL, and, where a container engine answers, holds their
// coverage. With CI=true nothing may be skipped.

const REPOSITORY = resolve(import.meta.dir, '..');
const CACHE = join(REPOSITORY, '.cache');
const REPORT = join(CACHE, 'junit.xml');
const COVERAGE = join(CACHE, 'coverage/lcov.info');

/** Files that run at once. More than two would ask for more memory than a small machine has: some start ten processes. */
const WORKERS = 2;

const code = await runTests(process.argv.slice(2));
await runAtExit();
const report = await reportOf();
const covered = await showCoverage();
// a connection to the container engine that is still open must not hold it up
process.exit(report ? conclude(report, code === 0 && !covered ? 1 : code) : 1);

async function runTests(chosen: readonly string[]): Promise<number> {
  await mkdir(CACHE, { recursive: true });
  for (const file of [REPORT, COVERAGE]) await rm(file, { force: true });
  const coverage = (await measures(chosen))
    ? ['--coverage', '--coverage-reporter=text', '--coverage-reporter=lcov']
    : [];
  const output = ['--reporter=junit', `--reporter-outfile=${REPORT}`];
  // one registry of modules for each worker, as without workers: half of the files' time would be loading them again
  const parallel = chosen.length === 0 ? [`--parallel=${WORKERS}`, '--no-isolate'] : [];
  // a worker that starts a server of its own would stop it after every file
  const shared = chosen.length === 0 ? { TEST_DATABASE_URL: await testServer() } : {};
  const tests = Bun.spawn([process.execPath, 'test', ...parallel, ...coverage, ...output, ...chosen], {
    cwd: REPOSITORY,
    env: { ...process.env, ...shared },
    stdio: ['inherit', 'inherit', 'inherit'],
  });
  // Ctrl-C reaches the tests by itself: we wait for them, so that they stop what they started.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => tests.kill('SIGTERM'));
  return await tests.exited;
}

/** Whatever part of the tests runs, it cannot cover the whole; without an engine those of the S3 store do not run. */
async function measures(chosen: readonly string[]): Promise<boolean> {
  return chosen.length === 0 && (process.env.CI === 'true' || (await dockerAnswers()));
}

async function reportOf(): Promise<TestReport | null> {
  const file = Bun.file(REPORT);
  if (await file.exists()) return readReport(await file.text());
  console.error('The tests left no report: they did not come to their end.');
  return null;
}

/** Whether it is enough; a run of chosen tests does not measure it. */
async function showCoverage(): Promise<boolean> {
  const file = Bun.file(COVERAGE);
  if (!(await file.exists())) return true;
  const sources = await sourcesWithCode();
  const { enough, says } = coverageReport(readCoverage(await file.text()), sources);
  console.log(`\n${says.join('\n')}`);
  return enough;
}

/** Types alone leave nothing to load. */
async function sourcesWithCode(): Promise<string[]> {
  const transpiler = new Bun.Transpiler({ loader: 'ts' });
  const paths = [...new Glob('src/**/*.ts').scanSync(REPOSITORY)].filter((path) => !path.endsWith('.test.ts'));
  const code = await Promise.all(
    paths.map(async (path) => transpiler.transformSync(await Bun.file(join(REPOSITORY, path)).text())),
  );
  return paths.filter((_, index) => code[index]?.trim() !== '').sort();
}

function conclude(report: TestReport, runner: number): number {
  const forbidden = process.env.CI === 'true' && report.skipped.length > 0;
  console.log('\nTime of each part:');
  for (const { name, tests, seconds } of report.parts) {
    console.log(`  ${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s  ${String(tests).padStart(5)} tests`);
  }
  console.log('Slowest files:');
  for (const { name, seconds } of report.slowest) console.log(`${seconds.toFixed(1).padStart(23)} s  ${name}`);
  for (const [file, tests] of Map.groupBy(report.skipped, ({ file }) => file)) {
    console.log(`not proven here: ${file} (${tests.length} tests)`);
  }
  // Once more at the end: a long run has scrolled them away.
  for (const { file, name, says } of report.failures) {
    console.log(`failed: ${file} > ${name}\n${says.replace(/^/gm, '    ')}`);
  }
  if (forbidden) console.error('With CI=true nothing may be skipped.');
  if (runner !== 0 && report.failed === 0) {
    console.error(
      `bun test ended with ${runner} though no test failed: coverage (see above), or an error outside of tests.`,
    );
  }
  console.log(`${report.passed} passed, ${report.failed} failed`);
  return runner === 0 && !forbidden && report.passed > 0 ? 0 : 1;
}
