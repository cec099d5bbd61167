import { type Browser, chromium } from 'playwright-core';
import { atExit } from './exit';

const PROGRAMS = ['chromium', 'chromium-headless-shell', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];

let running: Promise<Browser | null> | undefined;

/**
 * Headless Chromium, one for the test process (in a worker for the test file): CHROMIUM_PATH, else what is on PATH under a usual name.
 * @returns null where there is none, after saying so; with CI=true that is an error
 */
export function browser(): Promise<Browser | null> {
  running ??= start();
  return running;
}

async function start(): Promise<Browser | null> {
  const executablePath = process.env.CHROMIUM_PATH ?? PROGRAMS.map((name) => Bun.which(name)).find((path) => path);
  if (!executablePath) {
    const message = 'not proven here: uploads from a page (no CHROMIUM_PATH, and no chromium on PATH)';
    if (process.env.CI === 'true') throw new Error(message);
    console.warn(message);
    return null;
  }
  // its sandbox needs rights that containers, and root, do not have; the pages are ours
  const started = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  atExit(() => {
    running = undefined; // a worker's next file starts another
    return started.close();
  });
  return started;
}
