import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../src/kernel/clock';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { type DiskHarness, diskHarness } from './disk-harness';
import { freshPrefix, keyUnder, listAll } from './object-samples';
import { inSeconds } from './proves-signed-gets';

let disk: DiskHarness;
beforeAll(async () => {
  disk = await diskHarness(systemClock, 'private', { graceMs: 100, stallMs: 400, checkEveryMs: 50 });
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

  test('answers 412 where the key is taken, by the same bytes or by others', async () => {
    const key = keyUnder(freshPrefix(), 'a.jpg');
    const send = async (body: string) => {
      const { url, headers } = put(key, body);
      return fetch(url, { method: 'PUT', headers, body });
    };
    const first = await send('first');
    expect([first.status, first.headers.get('etag')]).toEqual([200, `"${sha256OfBytes('first')}"`]);
    for (const body of ['first', 'other']) {
      const again = await send(body);
      expect(again.status).toBe(412);
      expect(await again.json()).toMatchObject({ error: { code: 'CONFLICT' } });
    }
    expect(await disk.store.head(key)).toMatchObject({ sha256: sha256OfBytes('first') });
    expect(await leftovers()).toEqual([]);
  });

  test('stores the same bytes once where they come twice at once', async () => {
    const { url, headers } = put(keyUnder(freshPrefix(), 'a.jpg'), 'twice');
    const both = [1, 2].map(() => fetch(url, { method: 'PUT', headers, body: 'twice' }));
    const answers = await Promise.all(both);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
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

  test('a sender that falls behind the pace is told so, and leaves nothing', async () => {
    const prefix = freshPrefix();
    const { url, headers } = put(keyUnder(prefix, 'a.jpg'), 'x'.repeat(1_000_000));
    const { pathname, search } = new URL(url);
    const socket = net.connect(disk.port, '127.0.0.1');
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${headers['content-type']}\r\ncontent-length: 1000000\r\n\r\nx`,
    );
    expect(await answer).toStartWith('HTTP/1.1 408');
    socket.destroy();
    for (let wait = 0; wait < 200 && (await leftovers()).length > 0; wait += 1) await Bun.sleep(10);
    expect(await leftovers()).toEqual([]);
    expect(await listAll(disk.store, prefix)).toEqual([]);
  });

  test('every failure leaves no staged file and no copy', async () => {
    expect(await leftovers()).toEqual([]);
    expect(await readdir(join(disk.dataDir, 'objects/.incoming'))).toEqual([]);
  });
});
