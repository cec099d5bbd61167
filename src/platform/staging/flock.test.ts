import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from './flock';

const folder = mkdtempSync(join(tmpdir(), 'flock-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = () => join(folder, String(files++));

test('an exclusive lock is held alone, and free again after its release', async () => {
  const path = fresh();
  const release = await lockFile(path, 'exclusive', { wait: false });
  expect(release).not.toBeNull();
  expect(await lockFile(path, 'exclusive', { wait: false })).toBeNull();
  expect(await lockFile(path, 'shared', { wait: false })).toBeNull();
  release?.();
  release?.();
  expect(await lockFile(path, 'shared', { wait: false })).not.toBeNull();
});

test('a shared lock is held by many and keeps an exclusive one out', async () => {
  const path = fresh();
  const both = await Promise.all([1, 2].map(() => lockFile(path, 'shared', { wait: false })));
  expect(both).not.toContain(null);
  expect(await lockFile(path, 'exclusive', { wait: false })).toBeNull();
});

test('who waits gets the lock when it is released, and the event loop goes on meanwhile', async () => {
  const path = fresh();
  const release = await lockFile(path, 'exclusive', { wait: false });
  setTimeout(() => release?.(), 60);
  expect(await lockFile(path, 'exclusive', { wait: true })).not.toBeNull();
});

test('who waits can be told to stop', async () => {
  const path = fresh();
  await lockFile(path, 'exclusive', { wait: false });
  await expect(lockFile(path, 'exclusive', { wait: true, signal: AbortSignal.timeout(40) })).rejects.toThrow();
});

test('a file whose holder removed it is locked anew', async () => {
  const path = fresh();
  const former = await lockFile(path, 'exclusive', { wait: false });
  rmSync(path);
  expect(await lockFile(path, 'exclusive', { wait: false })).not.toBeNull();
  former?.();
});

const LOCK_AND_REMOVE = `
  const { lockFile } = await import(process.argv[1]);
  const { closeSync, openSync, unlinkSync } = await import('node:fs');
  const [path, guard] = process.argv.slice(2);
  for (const until = Date.now() + 400; Date.now() < until; ) {
    const release = await lockFile(path, 'exclusive', { wait: false });
    if (release === null) continue;
    closeSync(openSync(guard, 'wx'));
    unlinkSync(guard);
    unlinkSync(path);
    release();
  }
`;

test('no two processes hold it at once, though every holder removes the file before it lets go', async () => {
  const script = join(import.meta.dir, 'flock.ts');
  const args = ['bun', '-e', LOCK_AND_REMOVE, script, fresh(), fresh()];
  const holders = [1, 2, 3].map(() => Bun.spawn(args, { stderr: 'ignore' }));
  expect(await Promise.all(holders.map((holder) => holder.exited))).toEqual([0, 0, 0]);
});
