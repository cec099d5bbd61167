import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type CORSRule,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { objectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { listAll } from '../contracts/object-samples';
import { s3ConfigFor } from '../contracts/s3-harness';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';

// What deploy/s3 gives to a production bucket, applied to the servers that know the feature: policies and lifecycle on MinIO,
// CORS rules on versitygw. Neither knows the public access block.

interface Policy {
  Version: string;
  Statement: Array<{ Sid: string; Effect: string; Action: string | string[]; Resource: string | string[] }>;
}

const deployed = async <Document>(name: string, bucket: string): Promise<Document> => {
  const text = await Bun.file(join(resolve(import.meta.dir, '../../deploy/s3'), name)).text();
  return JSON.parse(text.replaceAll('BUCKET', bucket)) as Document;
};
const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');
const rootClient = ({ endpoint, region, ...credentials }: S3Server) =>
  new S3Client({ endpoint, region, credentials, forcePathStyle: true });

describe.skipIf(!minio)('deploy/s3 on MinIO', () => {
  const server = minio as S3Server;
  const config = server && { ...s3ConfigFor(server), retries: 0 };
  let folder: string;
  let client: S3Client;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deploy-s3-'));
    client = rootClient(server);
    await new S3Store({ config }).prepare();
  });
  afterAll(async () => {
    client.destroy();
    await rm(folder, { recursive: true });
  });

  test('the IAM policy allows all that the store does', async () => {
    await useStore(await storeWith(await deployed('iam-policy.json', config.bucket)));
  });

  test.each([
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
    's3:ListBucket',
    's3:ListBucketMultipartUploads',
    's3:AbortMultipartUpload',
  ])('the IAM policy grants nothing in vain: without %s the store fails', async (action) => {
    const policy = await deployed<Policy>('iam-policy.json', config.bucket);
    const Statement = policy.Statement.map((statement) => ({
      ...statement,
      Action: [statement.Action].flat().filter((granted) => granted !== action),
    })).filter(({ Action }) => Action.length > 0);
    const failure = await storeWith({ ...policy, Statement })
      .then(useStore)
      .then(
        () => 'nothing failed',
        (error: Error) => error.name,
      );
    expect(failure).not.toBe('nothing failed');
  });

  test('the IAM policy grants neither another bucket nor power over its own', async () => {
    const policy = await deployed<Policy>('iam-policy.json', config.bucket);
    const restricted = restrictedClient(policy);
    const other = s3ConfigFor(server).bucket;
    await new S3Store({ config: { ...config, bucket: other } }).prepare();
    const open = JSON.stringify(await deployed('bucket-policy.json', config.bucket));
    const refused = [
      new S3Store({ config: { ...config, bucket: other }, provider: temporary(policy) }).prepare(),
      new S3Store({ config: { ...config, bucket: 'not-there-yet' }, provider: temporary(policy) }).prepare(),
      restricted.send(new DeleteBucketCommand({ Bucket: config.bucket })),
      restricted.send(new PutBucketPolicyCommand({ Bucket: config.bucket, Policy: open })),
      restricted.send(new PutBucketLifecycleConfigurationCommand({ Bucket: config.bucket })),
    ];
    const results = await Promise.allSettled(refused);
    expect(results.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'));
  });

  test('the bucket policy refuses what comes without TLS, even where another statement allows it', async () => {
    const policy = await deployed<Policy>('bucket-policy.json', config.bucket);
    const allow = { Sid: 'A', Effect: 'Allow', Principal: { AWS: ['*'] }, Action: ['s3:GetObject'] };
    const everyone = { ...allow, Resource: [`arn:aws:s3:::${config.bucket}/*`] };
    const url = `${server.endpoint}/${config.bucket}/probe`;
    await new S3Store({ config }).put(objectKey('probe'), await staged('probe'), 'text/plain');
    const statusUnder = async (Statement: unknown[]) => {
      const Policy = JSON.stringify({ Version: policy.Version, Statement });
      await client.send(new PutBucketPolicyCommand({ Bucket: config.bucket, Policy }));
      return (await fetch(url)).status;
    };
    expect(await statusUnder([everyone])).toBe(200);
    expect(await statusUnder([everyone, ...policy.Statement])).toBe(403);
    expect(await statusUnder(policy.Statement)).toBe(403);
  });

  test('the lifecycle rules are taken as far as MinIO knows them', async () => {
    const { Rules } = await deployed<{ Rules: LifecycleRule[] }>('lifecycle.json', config.bucket);
    // it refuses a rule that only aborts multipart uploads, which it forgets after a day by itself
    const known = Rules.filter(({ AbortIncompleteMultipartUpload: abort }) => abort === undefined);
    const Bucket = config.bucket;
    const LifecycleConfiguration = { Rules: known };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    const kept = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(kept.Rules).toEqual(known.map((rule) => expect.objectContaining({ ID: rule.ID, Status: 'Enabled' })));
    expect(Rules.filter(({ Expiration }) => Expiration !== undefined)).toEqual([]);
  });

  /** Everything that the port of the object store offers, once. */
  async function useStore(store: S3Store): Promise<void> {
    const [key, copy, direct] = ['original.jpg', 'copy.jpg', 'direct.jpg'].map((name) =>
      objectKey(`products/${Bun.randomUUIDv7()}/${name}`),
    ) as [ReturnType<typeof objectKey>, ReturnType<typeof objectKey>, ReturnType<typeof objectKey>];
    const bytes = 'the bytes';
    const times = { issuedAt: seconds(0), expiresAt: seconds(60) };
    await store.prepare();
    await store.check();
    await store.put(key, await staged(bytes), 'image/jpeg');
    expect((await store.head(key))?.sizeBytes).toBe(bytes.length);
    expect(await new Response(await store.get(key)).text()).toBe(bytes);
    await store.copy(key, copy);
    expect((await fetch(store.signGet({ key: copy, ...times }))).status).toBe(200);
    const put = { contentType: 'image/jpeg', sizeBytes: bytes.length, sha256: sha256OfBytes(bytes) };
    const { url, ...init } = store.signPut({ key: direct, ...times, ...put });
    expect((await fetch(url, { ...init, body: bytes })).status).toBe(200);
    expect((await listAll(store, '' as never)).length).toBeGreaterThanOrEqual(3);
    await store.deleteMany([key, copy, direct]);
    await client.send(new CreateMultipartUploadCommand({ Bucket: config.bucket, Key: key }));
    expect(await store.removeHalfWritten(seconds(60))).toBe(1);
    expect(await store.head(key)).toBeNull();
  }

  async function staged(text: string) {
    const path = join(folder, Bun.randomUUIDv7());
    await Bun.write(path, text);
    return { path, sizeBytes: text.length, sha256: sha256OfBytes(text) };
  }

  /** Keys that may do what the policy says, and nothing else: a session of root's, narrowed. */
  function temporary(policy: Policy) {
    const { accessKeyId, secretAccessKey, endpoint, region } = server;
    return fromTemporaryCredentials({
      masterCredentials: { accessKeyId, secretAccessKey },
      clientConfig: { endpoint, region },
      params: {
        RoleArn: 'arn:aws:iam::000000000000:role/store',
        RoleSessionName: 'test',
        Policy: JSON.stringify(policy),
      },
    });
  }

  async function storeWith(policy: Policy): Promise<S3Store> {
    return new S3Store({ config, provider: temporary(policy) });
  }

  function restrictedClient(policy: Policy): S3Client {
    const { endpoint, region } = server;
    return new S3Client({ endpoint, region, credentials: temporary(policy), forcePathStyle: true });
  }
});

describe.skipIf(!versitygw)('deploy/s3 on versitygw', () => {
  test('the CORS rules let the product’s pages put and get by signed URLs, and no other page', async () => {
    const server = versitygw as S3Server;
    const config = s3ConfigFor(server);
    const store = new S3Store({ config });
    await store.prepare();
    const { CORSRules } = await deployed<{ CORSRules: CORSRule[] }>('cors.json', config.bucket);
    const client = rootClient(server);
    await client.send(new PutBucketCorsCommand({ Bucket: config.bucket, CORSConfiguration: { CORSRules } }));
    client.destroy();

    const put = { contentType: 'image/jpeg', sizeBytes: 1, sha256: sha256OfBytes('x') };
    const times = { issuedAt: seconds(0), expiresAt: seconds(60) };
    const { url, headers } = store.signPut({ key: objectKey('direct.jpg'), ...times, ...put });
    const preflight = async (origin: string, names: string) => {
      const asked = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': names };
      const answer = await fetch(url, { method: 'OPTIONS', headers: asked });
      return [answer.status, answer.headers.get('access-control-allow-origin')];
    };
    const sent = Object.keys(headers).join(', ');
    const page = CORSRules[0]?.AllowedOrigins?.[0] ?? '';
    expect(await preflight(page, sent)).toEqual([200, page]);
    expect((await preflight('https://elsewhere.example', sent))[0]).toBe(403);
    expect((await preflight(page, 'x-amz-acl'))[0]).toBe(403);
  });
});

const seconds = (from: number) => new Date((Math.floor(Date.now() / 1000) + from) * 1000);
