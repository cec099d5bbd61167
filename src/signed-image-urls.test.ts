import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ObjectKey } from './kernel/object-key';
import { signedImageUrls } from './signed-image-urls';

const KEY = 'products/p/a/i/original.jpg' as ObjectKey;
const WANTED = { contentType: 'image/jpeg', fileName: 'i-original.jpg' };

type Signed = Parameters<Parameters<typeof signedImageUrls>[0]['signGet']>[0];

/** A signer whose URL shows all that was signed. */
const showing = (kind: 'disk' | 's3', until: Date | null = null) => ({
  kind,
  signsUntil: () => until,
  signGet: ({ key, issuedAt, expiresAt, response }: Signed) =>
    `https://store.example:9000/bucket/${key}?issued=${issuedAt.getTime()}&expires=${expiresAt.getTime()}&${new URLSearchParams(response)}`,
});

const at = (ms: number, expiresInSeconds: number, kind: 'disk' | 's3' = 's3', cdn?: string) =>
  signedImageUrls(showing(kind), () => new Date(ms), cdn).sign(KEY, { ...WANTED, expiresInSeconds });

const moments = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2100, 0) });
const lives = fc.integer({ min: 60, max: 3600 });

describe('a signed image URL', () => {
  test('is the same, byte for byte, in one bucket of the clock, and another in the next', () => {
    fc.assert(
      fc.property(moments, lives, fc.double({ min: 0, max: 1, noNaN: true }), (ms, life, part) => {
        const bucketMs = Math.max(30, Math.floor(life / 2)) * 1000;
        const begins = Math.floor(ms / bucketMs) * bucketMs;
        const first = at(begins, life).url;
        expect(at(begins + Math.floor(part * (bucketMs - 1)), life).url).toBe(first);
        expect(at(begins + bucketMs, life).url).not.toBe(first);
      }),
    );
  });

  test('lives at least as long as asked for, and at most half as long again', () => {
    fc.assert(
      fc.property(moments, lives, (ms, life) => {
        const left = (at(ms, life).expiresAt.getTime() - ms) / 1000;
        expect(left).toBeGreaterThanOrEqual(life);
        expect(left).toBeLessThanOrEqual(1.5 * life);
      }),
    );
  });

  test('says when it really expires, and was never issued in the future', () => {
    fc.assert(
      fc.property(moments, lives, (ms, life) => {
        const { url, expiresAt } = at(ms, life);
        const query = new URL(url).searchParams;
        expect(query.get('expires')).toBe(String(expiresAt.getTime()));
        expect(Number(query.get('issued'))).toBeLessThanOrEqual(ms);
        expect(Number(query.get('issued')) % 1000).toBe(0);
      }),
    );
  });

  test('has caches told by S3 what stays the same inside a bucket, and by the disk store’s door what is left', () => {
    const cacheControl = (url: string) => new URL(url).searchParams.get('cacheControl');
    expect(cacheControl(at(0, 900, 's3').url)).toBe('private, max-age=900, immutable');
    expect(cacheControl(at(0, 900, 'disk').url)).toBeNull();
  });

  test('ends with the credentials that sign, says so, and is kept by no cache for longer than its bucket leaves of it', () => {
    const life = 900;
    const bucketMs = 450_000;
    const ending = (ms: number, secondsLeft: number) => {
      const until = new Date(Math.floor(ms / 1000) * 1000 + secondsLeft * 1000);
      const urls = signedImageUrls(showing('s3', until), () => new Date(ms));
      return { ...urls.sign(KEY, { ...WANTED, expiresInSeconds: life }), until };
    };
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 3600 }), (ms, secondsLeft) => {
        const { url, expiresAt, until } = ending(ms, secondsLeft);
        const unending = at(ms, life).expiresAt;
        expect(expiresAt.getTime()).toBe(Math.min(until.getTime(), unending.getTime()));
        const query = new URL(url).searchParams;
        expect(query.get('expires')).toBe(String(expiresAt.getTime()));
        const maxAge = Number(/max-age=(\d+)/.exec(query.get('cacheControl') ?? '')?.[1]);
        const bucketEnds = Math.floor(ms / bucketMs) * bucketMs + bucketMs;
        expect(maxAge).toBe(Math.max(0, (expiresAt.getTime() - bucketEnds) / 1000));
      }),
    );
    expect(ending(0, 700).url).toBe(ending(449_000, 251).url);
  });

  test('names the CDN in place of the store, keeps path and query as they were signed, and lets the CDN cache', () => {
    const direct = at(0, 60).url;
    const through = at(0, 60, 's3', 'https://cdn.example').url;
    expect(through).toStartWith('https://cdn.example/bucket/products/p/a/i/original.jpg?issued=0&');
    expect(through.replace('https://cdn.example', 'https://store.example:9000')).toBe(
      direct.replace('private', 'public'),
    );
  });
});
