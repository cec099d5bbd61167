import { afterAll } from 'bun:test';
import { runAtExit } from './exit';

// In a preload this afterAll runs once, after the last file: servers that the files share are stopped here.
afterAll(runAtExit, 60_000);
