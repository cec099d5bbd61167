import { afterAll, afterEach, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Elysia } from 'elysia';
import { type Doors, startDoors } from '../support/doors';

const folder = await mkdtemp(join(tmpdir(), 'test-unsendable-'));
const files = new Elysia().get('/files/:name', ({ params }) => new Response(Bun.file(join(folder, params.name))));
const doors: Doors = startDoors({}, [files]);
afterEach(() => void doors.lines.splice(0));
afterAll(async () => {
  await doors.stop();
  await rm(folder, { recursive: true });
});

async function refused(path: string) {
  const response = await doors.fetch(path);
  const { error } = (await response.json()) as { error: { code: string; request_id: string } };
  expect(response.headers.get('x-request-id')).toBe(error.request_id);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'cache-control': 'no-store',
  });
  return { status: response.status, ...error };
}

test('a file that is gone when it is to be sent is answered as what was never there', async () => {
  const { status, code, request_id } = await refused('/files/gone.jpg');
  expect([status, code]).toEqual([404, 'NOT_FOUND']);
  expect(doors.lines).toContainEqual(
    expect.objectContaining({ level: 'info', request_id, status: 404, error_codes: ['NOT_FOUND'] }),
  );
  expect(JSON.stringify(doors.lines)).not.toContain(folder);
});

test('what can’t be sent for another reason is INTERNAL, and the log says why', async () => {
  await mkdir(join(folder, 'a-folder'));
  const { status, code, request_id } = await refused('/files/a-folder');
  expect([status, code]).toEqual([500, 'INTERNAL']);
  expect(doors.lines).toContainEqual(
    expect.objectContaining({ level: 'error', request_id, err: expect.objectContaining({ code: 'EISDIR' }) }),
  );
});

test('the next request on the same connection is answered', async () => {
  await refused('/files/gone.jpg');
  await Bun.write(join(folder, 'there.jpg'), 'a photo');
  expect(await (await doors.fetch('/files/there.jpg')).text()).toBe('a photo');
});
