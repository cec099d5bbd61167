import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import { exchange } from '../support/raw-exchange';
import { type DiskHarness, diskHarness } from './disk-harness';
import { bytesOf, freshPrefix, keyUnder, sampleFiles } from './object-samples';
import { inSeconds } from './proves-signed-gets';

let disk: DiskHarness;
let samples: Awaited<ReturnType<typeof sampleFiles>>;
beforeAll(async () => {
  disk = await diskHarness();
  samples = await sampleFiles();
});
afterAll(async () => {
  await disk.stop();
  await samples.remove();
});

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bytes = bytesOf(100_000);
const etag = `"${sha256OfBytes(bytes)}"`;

async function stored(name = 'original.jpg', content: Uint8Array | string = bytes): Promise<ObjectKey> {
  const key = keyUnder(freshPrefix(), name);
  await disk.store.put(key, await samples.of(content), 'image/jpeg');
  return key;
}

const sign = (key: ObjectKey, seconds = 600) =>
  disk.store.signGet({ key, issuedAt: inSeconds(0), expiresAt: inSeconds(seconds) });

describe('a delivered file', () => {
  test('comes with headers that keep it private, whole and harmless', async () => {
    const response = await fetch(sign(await stored()));
    await response.arrayBuffer();
    const maxAge = Number(/^private, max-age=(\d+), immutable$/.exec(response.headers.get('cache-control') ?? '')?.[1]);
    expect(maxAge).toBeGreaterThan(590);
    expect(maxAge).toBeLessThanOrEqual(600);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '100000',
      'content-disposition': 'inline',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'cross-origin',
      'accept-ranges': 'bytes',
      etag,
    });
  });

  test('that is no image is not shown in place', async () => {
    const response = await fetch(sign(await stored('page.html', '<script>alert(1)</script>')));
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-disposition')).toBe('attachment');
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
  });

  test('is described by HEAD without its bytes', async () => {
    const response = await fetch(sign(await stored()), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('100000');
    expect(response.headers.get('etag')).toBe(etag);
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });

  test('is not sent again to who has it', async () => {
    const url = sign(await stored());
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await fetch(url, { headers: { 'if-none-match': tags } });
      expect([tags, response.status]).toEqual([tags, 304]);
      expect(response.headers.get('etag')).toBe(etag);
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    }
    expect((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  test('is sent to who wants this version alone, and no other is sent in its place', async () => {
    const url = sign(await stored());
    const ask = (method: string, headers: Record<string, string>) => fetch(url, { method, headers });
    for (const method of ['GET', 'HEAD']) {
      for (const tags of [etag, `"other", ${etag}`, '*']) {
        const { status } = await ask(method, { 'if-match': tags });
        expect([method, tags, status]).toEqual([method, tags, 200]);
      }
      for (const tags of ['"other"', `W/${etag}`, 'nothing']) {
        const answer = await ask(method, { 'if-match': tags, 'if-none-match': etag, range: 'bytes=0-9' });
        expect([method, tags, answer.status, answer.headers.get('etag')]).toEqual([method, tags, 412, null]);
        if (method === 'GET') expect(await answer.json()).toMatchObject({ error: { code: 'CONFLICT' } });
      }
    }
    expect((await ask('GET', { 'if-match': etag, 'if-none-match': etag })).status).toBe(304);
    expect((await ask('GET', { 'if-match': etag, range: 'bytes=0-9' })).status).toBe(206);
  });

  test('of no byte is delivered, and has no range', async () => {
    const url = sign(await stored('empty.jpg', ''));
    const whole = await fetch(url);
    expect([whole.status, whole.headers.get('content-length')]).toEqual([200, '0']);
    expect((await fetch(url, { headers: { range: 'bytes=0-0' } })).status).toBe(416);
  });

  const ranges: readonly (readonly [range: string, status: number, start: number, end: number])[] = [
    ['bytes=0-0', 206, 0, 0],
    ['bytes=10-19', 206, 10, 19],
    ['bytes=99990-', 206, 99_990, 99_999],
    ['bytes=-10', 206, 99_990, 99_999],
    ['bytes=-200000', 206, 0, 99_999],
    ['bytes=99990-200000', 206, 99_990, 99_999],
    ['bytes=0-', 206, 0, 99_999],
    ['bytes=0-1,5-6', 200, 0, 99_999],
    ['bytes=19-10', 200, 0, 99_999],
    ['pages=1-2', 200, 0, 99_999],
    ['BYTES=10-19', 206, 10, 19],
    ['Bytes=0-', 206, 0, 99_999],
    // not of the form, though Bun by itself would answer them
    ['bytes= 0-9', 200, 0, 99_999],
    ['bytes =0-9', 200, 0, 99_999],
    ['bytes=0 -9', 200, 0, 99_999],
    ['bytes= 100000-', 200, 0, 99_999],
  ];
  for (const [range, status, start, end] of ranges) {
    test(`asked for ${range} answers ${status}`, async () => {
      const response = await fetch(sign(await stored()), { headers: { range } });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end}/100000` : null);
      expect(response.headers.get('content-length')).toBe(String(end - start + 1));
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes.slice(start, end + 1));
    });
  }

  test('asked for two ranges in two lines is sent whole', async () => {
    const { origin, pathname, search } = new URL(sign(await stored('a.jpg', 'eleven byte')));
    const headers = { range: 'bytes=0-1', Range: 'bytes=5-6' };
    const answer = await exchange(origin, { method: 'GET', target: pathname + search, headers });
    expect(answer).toEqual({ status: 200, body: 'eleven byte' });
  });

  test('asked for what is behind its end answers 416 with its size', async () => {
    const url = sign(await stored());
    for (const range of ['bytes=100000-', 'bytes=100000-100001', 'bytes=-0', 'Bytes=100000-']) {
      const response = await fetch(url, { headers: { range } });
      expect([range, response.status]).toEqual([range, 416]);
      expect(response.headers.get('content-range')).toBe('bytes */100000');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect([response.headers.get('content-type'), response.headers.get('etag')]).toEqual([null, null]);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    }
  });

  test('is told of whole by HEAD, whatever range is asked for', async () => {
    const url = sign(await stored());
    for (const range of ['bytes=0-9', 'bytes=100000-']) {
      const { status, headers } = await fetch(url, { method: 'HEAD', headers: { range } });
      expect([status, headers.get('content-range')]).toEqual([200, null]);
      expect(headers.get('content-length')).toBe('100000');
    }
  });

  test('is sent whole where the range is of another version', async () => {
    const url = sign(await stored());
    const mine = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': etag } });
    const other = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } });
    expect([mine.status, other.status]).toEqual([206, 200]);
    expect((await other.arrayBuffer()).byteLength).toBe(100_000);
  });
});

describe('a refusal', () => {
  const codeOf = async (response: Response) => [
    response.status,
    ((await response.json()) as { error: { code: string } }).error.code,
  ];

  test('is the same whatever is wrong with the signature', async () => {
    const key = await stored();
    const url = sign(key);
    const wrong = [
      url.replace(/\?.*/, ''),
      `${url}&extra=1`,
      `${url}&expires=9999999999`,
      url.replace(/expires=\d+/, 'expires=9999999999'),
      url.replace(/expires=\d+&/, ''),
      url.replace(/signature=.*/, 'signature='),
      url.replace(/signature=.*/, 'signature=%FF'),
      url.replace(disk.store.bucket, `${disk.store.bucket}x`),
      `${url.split('?')[0]}%FF?${url.split('?')[1]}`,
      sign(key, -1),
      // the same request in another spelling: one grant is one URL
      url.replace('original', '%6friginal'),
      url.replace(/\?(expires=\d+)&(.*)/, '?$2&$1'),
      url.replace(/.$/, (last) => BASE64URL[BASE64URL.indexOf(last) ^ 1] ?? ''),
    ];
    expect(new Set([url, ...wrong]).size).toBe(wrong.length + 1);
    const answers = await Promise.all(wrong.map(async (each) => (await fetch(each)).text()));
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ error: { code: 'FORBIDDEN', request_id: 'test' } });
  });

  test('names what is missing no more than that it is', async () => {
    expect(await codeOf(await fetch(sign(keyUnder(freshPrefix(), 'none.jpg'))))).toEqual([404, 'NOT_FOUND']);
    for (const path of ['/files/', '/files/x', `/files/${disk.store.bucket}/`]) {
      expect(await codeOf(await fetch(`http://127.0.0.1:${disk.port}${path}`))).toEqual([403, 'FORBIDDEN']);
    }
    expect(await codeOf(await fetch(sign(await stored()), { method: 'POST' }))).toEqual([403, 'FORBIDDEN']);
  });

  test('takes no fragment for a second spelling of a URL', async () => {
    const urls = new DiskUrlSigner({ bucket: 'b', publicUrl: () => 'http://x', secret: 'a secret' });
    const key = await stored();
    const url = urls.signGet({ key, issuedAt: inSeconds(0), expiresAt: inSeconds(60) });
    expect(urls.verifyGet(new URL(url)).key).toBe(key);
    expect(() => urls.verifyGet(new URL(`${url}#x`))).toThrow('not valid');
  });

  test('holds for a URL of another secret, and not for one of the previous secret', async () => {
    const key = await stored();
    const request = { key, issuedAt: inSeconds(0), expiresAt: inSeconds(60) };
    const before = { bucket: disk.store.bucket, publicUrl: () => 'http://x', secret: 'the old secret' };
    const old = new URL(new DiskUrlSigner(before).signGet(request));
    const rotated = new DiskUrlSigner({ ...before, secret: 'the new secret', previousSecret: 'the old secret' });
    expect(rotated.verifyGet(old).key).toBe(key);
    expect(() => new DiskUrlSigner({ ...before, secret: 'the new secret' }).verifyGet(old)).toThrow('not valid');
  });
});
