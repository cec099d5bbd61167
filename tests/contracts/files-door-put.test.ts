import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { type DiskHarness, diskHarness } from './disk-harness';
import { freshPrefix, keyUnder, listAll } from './object-samples';
import { inSeconds } from './proves-signed-gets';

let disk: DiskHarness;
beforeAll(async () => {
  disk = await diskHarness();
});
afterAll(() => disk.stop());

describe('a signed PUT at the files door', () => {
  const put = (key: ObjectKey, body: string) =>
    disk.store.signPut({
      key,
      issuedAt: inSeconds(0),
      expiresAt: inSeconds(60),
      contentType: 'image/jpeg',
      sizeBytes: Buffer.byteLength(body),
      sha256: sha256OfBytes(body),
    });
  const leftovers = async () => readdir(disk.stagingFolder);

  test('answers the same bytes again with 200, other bytes with 409', async () => {
    const key = keyUnder(freshPrefix(), 'a.jpg');
    const send = async (body: string) => {
      const { url, headers } = put(key, body);
      return fetch(url, { method: 'PUT', headers, body });
    };
    const first = await send('first');
    expect([first.status, first.headers.get('etag')]).toEqual([200, `"${sha256OfBytes('first')}"`]);
    expect((await send('first')).status).toBe(200);
    const other = await send('other');
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ error: { code: 'CONFLICT' } });
    expect(await leftovers()).toEqual([]);
  });

  test('a body without announced length is refused', async () => {
    const prefix = freshPrefix();
    const { url, headers } = put(keyUnder(prefix, 'a.jpg'), 'chunked');
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('chunked'));
        controller.close();
      },
    });
    expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(403);
    expect(await listAll(disk.store, prefix)).toEqual([]);
  });

  test('a sender that goes away half way leaves nothing', async () => {
    const prefix = freshPrefix();
    const body = 'x'.repeat(1_000_000);
    const { url, headers } = put(keyUnder(prefix, 'a.jpg'), body);
    const { pathname, search } = new URL(url);
    const socket = net.connect(disk.port, '127.0.0.1');
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${headers['content-type']}\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(0, 300_000));
    for (let wait = 0; wait < 100 && (await leftovers()).length === 0; wait += 1) await Bun.sleep(10);
    expect(await leftovers()).toHaveLength(1);
    socket.resetAndDestroy();
    for (let wait = 0; wait < 200 && (await leftovers()).length > 0; wait += 1) await Bun.sleep(10);
    expect(await leftovers()).toEqual([]);
    expect(await listAll(disk.store, prefix)).toEqual([]);
  });

  test('every failure leaves no staged file and no copy', async () => {
    expect(await leftovers()).toEqual([]);
    expect(await readdir(join(disk.dataDir, 'objects/.incoming'))).toEqual([]);
  });
});
