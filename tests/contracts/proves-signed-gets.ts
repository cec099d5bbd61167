import { describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { bytesOf, freshPrefix, keyUnder, ODD_KEYS } from './object-samples';
import type { ContractContext } from './object-store';

export const inSeconds = (seconds: number) => new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);
const now = () => inSeconds(0);

/** The URL with one of its parts replaced by something else of the same form. */
export function altered(url: string, part: RegExp, by: string): string {
  const other = url.replace(part, by);
  if (other === url) throw new Error(`${part} is not in the URL`);
  return other;
}

/** The first character of the signature: the last one may carry bits that decoders drop. */
export function withTamperedSignature(url: string): string {
  return url.replace(/(signature=)(.)/i, (_all, name: string, first: string) => name + (first === '0' ? '1' : '0'));
}

export function provesSignedGets(context: () => ContractContext): void {
  describe('signed GET', () => {
    async function stored(name = 'original.jpg', content: string | Uint8Array = 'private bytes'): Promise<ObjectKey> {
      const { store, samples } = context();
      const key = keyUnder(freshPrefix(), name);
      await store.put(key, await samples.of(content), 'image/jpeg');
      return key;
    }
    const sign = (key: ObjectKey, seconds = 600) =>
      context().store.signGet({ key, issuedAt: now(), expiresAt: inSeconds(seconds) });
    const statusOf = async (url: string, init: { method?: string; body?: string } = {}) => {
      const response = await fetch(url, init);
      await response.arrayBuffer();
      return response.status;
    };

    test('opens the object, with its type, to whoever holds the URL', async () => {
      const bytes = bytesOf(200_000);
      const response = await fetch(sign(await stored('original.jpg', bytes)));
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    });

    test('answers a range', async () => {
      const response = await fetch(sign(await stored()), { headers: { range: 'bytes=8-12' } });
      expect(response.status).toBe(206);
      expect(response.headers.get('content-range')).toBe('bytes 8-12/13');
      expect(await response.text()).toBe('bytes');
    });

    test('the same times give the same URL, byte for byte', async () => {
      const { store } = context();
      const request = { key: keyUnder(freshPrefix(), 'é.jpg'), issuedAt: now(), expiresAt: inSeconds(60) };
      expect(store.signGet({ ...request })).toBe(store.signGet({ ...request }));
      expect(store.signGet({ ...request, expiresAt: inSeconds(61) })).not.toBe(store.signGet(request));
    });

    test('answers with the headers that were signed for', async () => {
      const response = {
        contentType: 'image/png',
        contentDisposition: 'attachment; filename="a b.png"',
        cacheControl: 'no-store',
      };
      const key = await stored();
      const url = context().store.signGet({ key, issuedAt: now(), expiresAt: inSeconds(60), response });
      const { headers } = await fetch(url);
      expect(headers.get('content-type')).toBe('image/png');
      expect(headers.get('content-disposition')).toBe('attachment; filename="a b.png"');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(await statusOf(altered(url, /image%2Fpng/, 'text%2Fhtml'))).toBe(403);
    });

    test('opens odd and unicode keys', async () => {
      for (const odd of ODD_KEYS) {
        const key = await stored(odd, odd);
        const response = await fetch(sign(key));
        expect([odd, response.status, await response.text()]).toEqual([odd, 200, odd]);
      }
    });

    test('without a signature, or with another, it is refused', async () => {
      const url = sign(await stored());
      expect(await statusOf(url.replace(/\?.*/, ''))).toBe(403);
      expect(await statusOf(url.replace(/[?&](x-amz-)?signature=[^&]*/i, ''))).toBeOneOf([400, 403]);
      expect(await statusOf(withTamperedSignature(url))).toBe(403);
    });

    test('for another key it is refused', async () => {
      const [mine, other] = [await stored('mine.jpg'), await stored('other.jpg')];
      expect(await statusOf(sign(mine).replace(encodeURI(mine), encodeURI(other)))).toBe(403);
    });

    test('for another method it is refused', async () => {
      const key = await stored();
      expect(await statusOf(sign(key), { method: 'PUT', body: 'other' })).toBe(403);
      expect(await statusOf(sign(key), { method: 'DELETE' })).toBeOneOf([403, 404]);
      expect(await statusOf(sign(key))).toBe(200);
    });

    test('after its time it is refused, and its time cannot be changed', async () => {
      const { store } = context();
      const key = await stored();
      const past = store.signGet({ key, issuedAt: inSeconds(-100), expiresAt: inSeconds(-40) });
      expect(await statusOf(past)).toBe(403);
      expect(await statusOf(altered(past, /(expires=)\d/i, '$19'))).toBeOneOf([400, 403]);
      const short = sign(key, 1);
      expect(await statusOf(short)).toBe(200);
      await Bun.sleep(2100);
      expect(await statusOf(short)).toBe(403);
    });

    test('what is not there is not found, and no folder is listed', async () => {
      const key = await stored('folder/original.jpg');
      expect(await statusOf(sign(keyUnder(freshPrefix(), 'nothing.jpg')))).toBe(404);
      expect(await statusOf(sign(key.replace('/original.jpg', '') as ObjectKey))).toBe(404);
      const bucketUrl = sign(key).replace(encodeURI(key), '');
      expect(await statusOf(bucketUrl)).toBeOneOf([400, 403, 404]);
      expect(await statusOf(bucketUrl.replace(/\?.*/, ''))).toBeOneOf([403, 404]);
    });

    test('a path that climbs out of the bucket is refused', async () => {
      const url = sign(await stored());
      const { pathname, search, origin } = new URL(url);
      for (const climb of ['%2e%2e/%2e%2e/etc/passwd', '..%2f..%2fetc%2fpasswd', '%252e%252e/etc/passwd']) {
        expect(await statusOf(`${origin}${pathname}/${climb}${search}`)).toBeOneOf([400, 403, 404]);
      }
    });
  });
}
