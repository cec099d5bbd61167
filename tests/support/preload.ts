import { afterAll, setDefaultTimeout } from 'bun:test';
import { runAtExit } from './exit';

// Real servers, on machines that may be slow: a limit against hanging, not a measure.
setDefaultTimeout(60_000);

// In a preload this afterAll runs once, after the last file: servers that the files share are stopped here.
afterAll(runAtExit, 60_000);
