import { afterAll, afterEach, setDefaultTimeout } from 'bun:test';
import { plugin } from 'bun';
import { lookAtAllErrorBodies, lookedAtSoFar } from './error-bodies';
import { runAtExit } from './exit';

/** Real servers, on machines that may be slow: a limit against hanging, not a measure. Milliseconds. */
const HANGS_AFTER = 60_000;

// Bun 1.4 knows no timeout in bunfig.toml, and what a preload sets it forgets after the first file: so it is set as each is loaded.
plugin({
  name: 'timeout of every test file',
  setup(build) {
    build.onLoad({ filter: /\.test\.ts$/ }, async ({ path }) => {
      setDefaultTimeout(HANGS_AFTER);
      return { contents: await Bun.file(path).text(), loader: 'ts' };
    });
  },
});

lookAtAllErrorBodies();
const nothingWasTold = async () => {
  const { leaks } = await lookedAtSoFar();
  if (leaks.length > 0) throw new Error(`an error body tells what it must not:\n${leaks.join('\n')}`);
};
afterEach(nothingWasTold);
afterAll(nothingWasTold);

// In a preload this afterAll runs once, after the last file: servers that the files share are stopped here. In a worker of
// `bun test --parallel` it runs after each file: what is to outlive it (s3-servers.ts) ends with the process by other means.
afterAll(runAtExit, HANGS_AFTER);
