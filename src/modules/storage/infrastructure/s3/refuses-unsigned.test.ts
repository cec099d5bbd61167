import { afterAll, expect, test } from 'bun:test';
import { systemClock } from '../../../../kernel/clock';
import { CurrentCredentials } from './credentials';
import { refusesUnsigned } from './refuses-unsigned';
import { S3Refusal } from './s3-faults';
import { S3Signer } from './s3-signer';

let answer: Response;
const asked: { source: string | null; url: string }[] = [];
const store = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    asked.push({ source: request.headers.get('x-amz-copy-source'), url: request.url });
    return answer;
  },
});
afterAll(() => store.stop(true));

const endpoint = `http://127.0.0.1:${store.port}`;
const config = { bucket: 'photos', region: 'us-east-1', endpoint, forcePathStyle: true, retries: 0, timeoutMs: 1000 };
const keys = async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' });
const signer = new S3Signer(config, new CurrentCredentials(keys, systemClock));

function found(status: number, body: string): Promise<boolean> {
  answer = new Response(body, { status });
  return refusesUnsigned(signer, AbortSignal.timeout(5000));
}

const denied = (more: string) => `<Error><Code>AccessDenied</Code>${more}</Error>`;

test('a store refuses what was not signed if it says that this is why', async () => {
  expect(await found(403, denied('<HeadersNotSigned>x-amz-copy-source</HeadersNotSigned>'))).toBe(true);
  expect(asked.at(-1)?.source).toBe('photos/probe/does-not-exist');
  expect(asked.at(-1)?.url).not.toContain('x-amz-copy-source');
});

test('and any other answer may have another reason', async () => {
  expect(await found(403, denied(''))).toBe(false);
  expect(await found(404, '<Error><Code>NoSuchKey</Code></Error>')).toBe(false);
  expect(await found(400, '<Error><Code>BadDigest</Code></Error>')).toBe(false);
  expect(await found(501, '<Error><Code>NotImplemented</Code></Error>')).toBe(false);
  expect(await found(200, '')).toBe(false);
});

test('and one that is out of order is asked again', async () => {
  await expect(found(503, '')).rejects.toBeInstanceOf(S3Refusal);
});
