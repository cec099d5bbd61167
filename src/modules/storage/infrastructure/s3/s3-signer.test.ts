import { describe, expect, test } from 'bun:test';
import { objectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { CurrentCredentials } from './credentials';
import { S3Signer } from './s3-signer';

const NOW = new Date('2026-12-01T10:00:00.300Z');
const key = objectKey('products/a.jpg');
const config = { bucket: 'images', region: 'eu-west-1', forcePathStyle: true, retries: 0, timeoutMs: 1000 };
const inSeconds = (seconds: number) => new Date(Math.floor(NOW.getTime() / 1000) * 1000 + seconds * 1000);
const get = { key, issuedAt: inSeconds(-400), expiresAt: inSeconds(3600) };
const put = { ...get, issuedAt: inSeconds(0), contentType: 'image/jpeg', sizeBytes: 1, sha256: sha256OfBytes('x') };

/** A signer whose session ends so much later; null: never. */
async function signerFor(sessionMs: number | null): Promise<S3Signer> {
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const expiration = sessionMs === null ? {} : { expiration: new Date(NOW.getTime() + sessionMs) };
  const clock = () => NOW;
  const credentials = new CurrentCredentials(async () => ({ ...keys, ...expiration }), clock);
  await credentials.load();
  return new S3Signer(config, credentials, clock);
}

const lifeOf = (url: string) => Number(new URL(url).searchParams.get('X-Amz-Expires'));

describe('a URL', () => {
  test('lives as long as asked for, where the credentials do not end before it', async () => {
    for (const sessionMs of [null, 7_200_000]) {
      const signer = await signerFor(sessionMs);
      expect(lifeOf(signer.get(get))).toBe(4000);
      const { url, expiresAt } = signer.put(put);
      expect([lifeOf(url), expiresAt]).toEqual([3600, inSeconds(3600)]);
    }
    expect((await signerFor(null)).until()).toBeNull();
  });

  test('claims no more than is left of the session that signed it', async () => {
    const signer = await signerFor(360_900);
    expect(signer.until()).toEqual(inSeconds(361));
    expect(lifeOf(signer.get(get))).toBe(400 + 361);
    const { url, expiresAt } = signer.put(put);
    expect([lifeOf(url), expiresAt]).toEqual([361, inSeconds(361)]);
  });

  test('of a session in its last second is well formed', async () => {
    const { url } = (await signerFor(500)).put(put);
    expect(lifeOf(url)).toBe(1);
  });
});
