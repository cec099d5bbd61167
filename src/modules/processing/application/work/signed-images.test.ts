import { expect, test } from 'bun:test';
import { type ImageId, newId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { signImages, urlSeconds } from './signed-images';

const now = new Date('2026-11-24T00:00:00Z');
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

test('a URL is asked for as long as the lease lasts: a minute at least, an hour at most', () => {
  expect([-5, 10, 61.2, 600, 7200].map((seconds) => urlSeconds(now, after(seconds)))).toEqual([60, 60, 62, 600, 3600]);
});

test('a variant that is not made yet has no URL, and none is signed', () => {
  const signed: string[] = [];
  const deps = {
    clock: () => now,
    signImage: (_: ImageId, kind: string, key: ObjectKey) => {
      signed.push(kind);
      return { url: `https://store.test/${key}`, expiresAt: after(90) };
    },
  };
  const keys = { original: 'o.jpg' as ObjectKey, thumb: 't.webp' as ObjectKey, model: null, processed: null };
  const image = { id: newId<ImageId>(), isPrimary: true, isRefused: false, sha256: sha256OfBytes('x'), keys };
  expect(signImages(deps, [image], ['model', 'thumb'], after(60))).toMatchObject([
    { id: image.id, urls: { model: null, thumb: 'https://store.test/t.webp' }, expiresAt: after(90) },
  ]);
  expect(signed).toEqual(['thumb']);
  expect(signImages(deps, [image], ['model'], after(60))[0]?.expiresAt).toEqual(after(60));
});

test('an image that the decoder has refused is there only with something of what is asked for', () => {
  const deps = { clock: () => now, signImage: (_: ImageId, kind: string) => ({ url: kind, expiresAt: after(90) }) };
  const keys = { original: 'o.jpg' as ObjectKey, thumb: null, model: null, processed: null };
  const image = { id: newId<ImageId>(), isPrimary: true, isRefused: true, sha256: sha256OfBytes('x'), keys };
  expect(signImages(deps, [image], ['model', 'thumb'], after(60))).toEqual([]);
  expect(signImages(deps, [image], ['model', 'original'], after(60))).toMatchObject([
    { id: image.id, urls: { model: null, original: 'original' } },
  ]);
});
