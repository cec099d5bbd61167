import { afterAll, expect, test } from 'bun:test';
import { objectKey } from '../../../../kernel/object-key';
import { S3Store } from './s3-store';

const [from, to] = [objectKey('a/from.jpg'), objectKey('a/to.jpg')];
const SIZE_BYTES = 1 << 20;
const SILENCE_MS = 200;
let begun = 0;

/** Copies for three times as long as it may be silent, and says meanwhile that it lives. */
const slow = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch({ method, url }) {
    const length = { headers: { 'content-length': `${SIZE_BYTES}` } };
    if (method === 'HEAD') return new Response(null, url.includes(to) ? { status: 404 } : length);
    begun += 1;
    async function* answer() {
      for (let step = 0; step < 6; step += 1) {
        yield ' ';
        await Bun.sleep(SILENCE_MS / 2);
      }
      yield '<CopyObjectResult></CopyObjectResult>';
    }
    return new Response(answer as never);
  },
});
afterAll(() => slow.stop(true));

test('a copy may take as long as a put of so many bytes', async () => {
  const endpoint = `http://127.0.0.1:${slow.port}`;
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const where = { bucket: 'photos', region: 'us-east-1', endpoint, forcePathStyle: true, ...keys };
  const store = new S3Store({ config: { ...where, retries: 2, timeoutMs: SILENCE_MS } });
  await store.copy(from, to);
  expect(begun).toBe(1);
});
