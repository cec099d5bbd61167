import { describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { PresignedRequest } from '../../src/modules/storage/domain/object-store';
import { bytesOf, freshPrefix, keyUnder, listAll, ODD_KEYS } from './object-samples';
import type { ContractContext } from './object-store';
import { altered, inSeconds, withTamperedSignature } from './proves-signed-gets';

export function provesSignedPuts(context: () => ContractContext): void {
  describe('signed PUT', () => {
    const sign = (key: ObjectKey, body: Uint8Array | string, seconds = 600): PresignedRequest =>
      context().store.signPut({
        key,
        issuedAt: inSeconds(seconds > 0 ? 0 : seconds - 60),
        expiresAt: inSeconds(seconds),
        contentType: 'image/jpeg',
        sizeBytes: Buffer.byteLength(body),
        sha256: sha256OfBytes(body),
      });
    const send = async ({ method, url, headers }: PresignedRequest, body: Uint8Array<ArrayBuffer> | string) => {
      const response = await fetch(url, { method, headers, body });
      await response.arrayBuffer();
      return response.status;
    };
    const body = 'the bytes that were declared';
    const fresh = (name = 'original.jpg') => keyUnder(freshPrefix(), name);

    for (const [size, words] of [
      [0, 'of no byte'],
      [300_000, 'of 300 kB'],
      [50 * 1024 * 1024, 'of 50 MB'],
    ] as const) {
      test(`stores a body ${words} as declared`, async () => {
        const { store } = context();
        const key = fresh();
        const bytes = bytesOf(size);
        expect(await send(sign(key, bytes), bytes)).toBe(200);
        expect(await store.head(key)).toMatchObject({
          sizeBytes: size,
          contentType: 'image/jpeg',
          sha256: sha256OfBytes(bytes),
        });
      });
    }

    test('stores under odd and unicode keys', async () => {
      const { store } = context();
      for (const odd of ODD_KEYS) {
        const key = fresh(odd);
        expect([odd, await send(sign(key, odd), odd)]).toEqual([odd, 200]);
        expect((await store.head(key))?.sha256).toBe(sha256OfBytes(odd));
      }
    });

    test('the same declaration gives the same request', () => {
      const key = fresh();
      expect(sign(key, body)).toEqual(sign(key, body));
    });

    test('refuses other bytes of the same length, and leaves nothing', async () => {
      const { store } = context();
      const prefix = freshPrefix();
      const other = body.replace('declared', 'replaced');
      expect(await send(sign(keyUnder(prefix, 'a.jpg'), body), other)).toBe(400);
      expect(await listAll(store, prefix)).toEqual([]);
    });

    test('refuses another length and another type, and leaves nothing', async () => {
      const { store } = context();
      const prefix = freshPrefix();
      const signed = sign(keyUnder(prefix, 'a.jpg'), body);
      expect(await send(signed, `${body}, and more`)).toBe(403);
      expect(await send(signed, body.slice(1))).toBe(403);
      const typed = { ...signed, headers: { ...signed.headers, 'content-type': 'text/html' } };
      expect(await send(typed, body)).toBe(403);
      expect(await listAll(store, prefix)).toEqual([]);
    });

    test('writes once: the key is taken for other bytes, whoever signed for them, and for the same', async () => {
      const { store } = context();
      const key = fresh();
      expect(await send(sign(key, body), body)).toBe(200);
      const other = 'other bytes, properly declared';
      expect(await send(sign(key, other), other)).toBe(412);
      expect(await send(sign(key, body), body)).toBe(412);
      expect((await store.head(key))?.sha256).toBe(sha256OfBytes(body));
    });

    test('is refused without its signature, with another, for another key, or for another method', async () => {
      const { store } = context();
      const prefix = freshPrefix();
      const [mine, other] = [keyUnder(prefix, 'mine.jpg'), keyUnder(prefix, 'other.jpg')];
      const signed = sign(mine, body);
      const as = (url: string) => send({ ...signed, url }, body);
      expect(await as(signed.url.replace(/\?.*/, ''))).toBe(403);
      expect(await as(withTamperedSignature(signed.url))).toBe(403);
      expect(await as(altered(signed.url, /mine\.jpg/, 'other.jpg'))).toBe(403);
      // 400 where the store looks first for the headers that were signed
      expect((await fetch(signed.url)).status).toBeOneOf([400, 403]);
      expect((await fetch(signed.url, { method: 'DELETE' })).status).toBeOneOf([400, 403]);
      expect(await store.head(other)).toBeNull();
      expect(await listAll(store, prefix)).toEqual([]);
    });

    test('is refused after its time', async () => {
      const { store } = context();
      const key = fresh();
      expect(await send(sign(key, body, -30), body)).toBe(403);
      expect(await store.head(key)).toBeNull();
    });
  });
}
