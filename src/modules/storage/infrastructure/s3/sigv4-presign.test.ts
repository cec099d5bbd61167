import { describe, expect, test } from 'bun:test';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl, S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { s3Address, s3Path } from './s3-address';
import { presign, type SigningCredentials } from './sigv4-presign';
import { bindingHeaders, sseHeaders } from './write-headers';

const keys = fc
  .array(
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .map((part) => part.replace(/[\p{Cc}\\/]/gu, '-'))
      .filter((part) => part !== '.' && part !== '..'),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => objectKey(parts.join('/')));
const secrets = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 });
const credentialsOf = fc.record<SigningCredentials>(
  {
    accessKeyId: secrets,
    secretAccessKey: secrets,
    sessionToken: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 400 }),
  },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);
const addresses = fc.record({
  endpoint: fc.constantFrom(
    undefined,
    'http://127.0.0.1:9000',
    'https://s3.example.com',
    'https://minio.example.com:8443',
    'http://gateway.example.com:80',
  ),
  region: fc.constantFrom('us-east-1', 'sa-east-1', 'eu-central-1'),
  forcePathStyle: fc.boolean(),
  bucket: fc.constantFrom('photos-of-sellers', 'photos.of.sellers'),
});
const times = fc.record({
  issuedAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2039-12-31'), noInvalidDate: true }),
  expiresInSeconds: fc.integer({ min: 1, max: 604_800 }),
});
const printable = fc.string({ unit: 'grapheme', maxLength: 60 });

interface Case {
  address: { endpoint: string | undefined; region: string; bucket: string; forcePathStyle: boolean };
  credentials: SigningCredentials;
  key: ObjectKey;
  times: { issuedAt: Date; expiresInSeconds: number };
}
const cases = fc.record<Case>({ address: addresses, credentials: credentialsOf, key: keys, times });

function ours(
  of: Case,
  method: 'GET' | 'PUT',
  signed: { query?: Record<string, string>; headers?: Record<string, string> },
): URL {
  const address = s3Address(of.address, of.address.endpoint);
  const path = s3Path(address, of.key);
  const { region } = of.address;
  return new URL(presign({ method, ...address, path, region, credentials: of.credentials, ...of.times, ...signed }));
}

/** The SDK's presigner for a request put together by hand, so that every header is signed as a header. */
async function theirs(of: Case, method: string, headers: Record<string, string>): Promise<URL> {
  const address = s3Address(of.address, of.address.endpoint);
  const signer = new S3RequestPresigner({ region: of.address.region, credentials: of.credentials, sha256: Sha256 });
  const url = new URL(address.origin);
  const request = {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port ? { port: Number(url.port) } : {}),
    path: s3Path(address, of.key),
    query: {},
    headers: { ...headers },
  };
  const presigned = await signer.presign(request, {
    expiresIn: of.times.expiresInSeconds,
    signingDate: of.times.issuedAt,
    signableHeaders: new Set(['host', ...Object.keys(headers)]),
    unhoistableHeaders: new Set(Object.keys(headers)),
  });
  const result = new URL(`${address.origin}${presigned.path}`);
  for (const [name, value] of Object.entries(presigned.query ?? {})) result.searchParams.set(name, String(value));
  return result;
}

/** The hash that the SDK is given, by its own interface. */
class Sha256 {
  private readonly hasher: Bun.CryptoHasher;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hasher =
      secret === undefined ? new Bun.CryptoHasher('sha256') : new Bun.CryptoHasher('sha256', secret as string);
  }
  update(data: string | Uint8Array): void {
    this.hasher.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.hasher.digest());
  }
  reset(): void {
    throw new Error('not used');
  }
}

const parametersOf = (url: URL) => Object.fromEntries(url.searchParams);

describe('presign gives what the AWS SDK gives', () => {
  test('for any key, address, time and credentials, with the headers of a PUT signed', async () => {
    const puts = fc.record({
      contentType: fc.constantFrom('image/jpeg', 'image/png', 'text/plain; charset=utf-8'),
      sizeBytes: fc.nat(),
      sha256: fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => Buffer.from(bytes).toString('hex') as never),
    });
    const encryption = fc.constantFrom(
      {},
      { sse: 'AES256' as const },
      { sse: 'aws:kms' as const, kmsKeyId: 'arn:aws:kms:us-east-1:1:key/a b' },
    );
    await fc.assert(
      fc.asyncProperty(cases, puts, encryption, async (of, put, sse) => {
        const headers = { ...bindingHeaders(put), ...sseHeaders(sse) };
        expect(parametersOf(ours(of, 'PUT', { headers }))).toEqual(parametersOf(await theirs(of, 'PUT', headers)));
      }),
    );
  });

  test('for a GET by the client with response-* parameters', async () => {
    const overrides = fc.record({ type: printable, disposition: printable, cache: printable });
    await fc.assert(
      fc.asyncProperty(cases, overrides, async (of, { type, disposition, cache }) => {
        const { endpoint, ...address } = of.address;
        const client = new S3Client({ ...address, ...(endpoint ? { endpoint } : {}), credentials: of.credentials });
        const command = new GetObjectCommand({
          Bucket: of.address.bucket,
          Key: of.key,
          ResponseContentType: type,
          ResponseContentDisposition: disposition,
          ResponseCacheControl: cache,
        });
        const signed = await getSignedUrl(client, command, {
          expiresIn: of.times.expiresInSeconds,
          signingDate: of.times.issuedAt,
        });
        const query = {
          'response-content-type': type,
          'response-content-disposition': disposition,
          'response-cache-control': cache,
          'x-amz-checksum-mode': 'ENABLED',
          'x-id': 'GetObject',
        };
        const url = ours(of, 'GET', { query });
        const expected = new URL(signed);
        if (!expected.searchParams.has('x-amz-checksum-mode')) url.searchParams.delete('x-amz-checksum-mode');
        expect([url.host, url.pathname]).toEqual([expected.host, expected.pathname]);
        expect(parametersOf(url)).toEqual(parametersOf(expected));
      }),
    );
  });
});

test('the same input gives the same URL, byte for byte, and its time is what it was given', () => {
  const input = {
    method: 'GET' as const,
    origin: 'https://s3.example.com',
    host: 's3.example.com',
    path: '/b/k',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    issuedAt: new Date('2026-01-02T03:04:05.678Z'),
    expiresInSeconds: 900,
  };
  expect(presign(input)).toBe(presign({ ...input }));
  const { searchParams } = new URL(presign(input));
  expect(searchParams.get('X-Amz-Date')).toBe('20260102T030405Z');
  expect(searchParams.get('X-Amz-Expires')).toBe('900');
});
