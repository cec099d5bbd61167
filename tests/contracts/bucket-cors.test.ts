import { beforeAll, describe, expect, test } from 'bun:test';
import { join, resolve } from 'node:path';
import { type CORSRule, GetBucketCorsCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { corsRuleFor } from '../../src/modules/storage/infrastructure/s3/bucket-cors';
import type { S3StoreConfig } from '../../src/modules/storage/infrastructure/s3/s3-config';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';
import { s3ConfigFor } from './s3-harness';

const minio = await s3Server('minio');
const versitygw = await s3Server('versitygw');
const PAGES = ['https://shop.example', 'http://localhost:5173'];
const prepare = (config: S3StoreConfig, corsOrigins?: readonly string[]) =>
  new S3Store({ config: { ...config, ...(corsOrigins ? { corsOrigins } : {}) } }).prepare();

test('our rule is the one that deploy/s3/cors.json gives by hand', async () => {
  const deployed = await Bun.file(join(resolve(import.meta.dir, '../..'), 'deploy/s3/cors.json')).json();
  const [rule] = deployed.CORSRules as [CORSRule];
  const { ID } = corsRuleFor([]);
  expect(corsRuleFor(rule.AllowedOrigins ?? [])).toEqual({ ...rule, ID });
});

describe.skipIf(!versitygw)('a store that knows CORS rules', () => {
  const server = versitygw as S3Server;
  let config: S3StoreConfig;
  let client: S3Client;
  beforeAll(async () => {
    const { endpoint, region, ...credentials } = server;
    config = s3ConfigFor(server);
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await prepare(config);
  });
  const rules = async () =>
    (await client.send(new GetBucketCorsCommand({ Bucket: config.bucket })).catch(() => null))?.CORSRules ?? [];
  const origins = async () => (await rules()).map(({ AllowedOrigins }) => AllowedOrigins);

  test('has none where nobody said which pages', async () => {
    expect(await rules()).toEqual([]);
  });

  test('is given the pages of CORS_ORIGINS, also when they change', async () => {
    await prepare(config, PAGES);
    expect(await origins()).toEqual([PAGES]);
    await prepare(config, [...PAGES].reverse());
    expect(await origins()).toEqual([PAGES]);
    await prepare(config, ['*']);
    expect(await origins()).toEqual([['*']]);
    await prepare(config, []);
    expect(await rules()).toEqual([]);
  });

  test('keeps the rules of others', async () => {
    const theirs: CORSRule = { ID: 'theirs', AllowedMethods: ['GET'], AllowedOrigins: ['https://theirs.example'] };
    await client.send(new PutBucketCorsCommand({ Bucket: config.bucket, CORSConfiguration: { CORSRules: [theirs] } }));
    await prepare(config, PAGES);
    expect(await origins()).toEqual([theirs.AllowedOrigins, PAGES]);
    await prepare(config, []);
    expect(await origins()).toEqual([theirs.AllowedOrigins]);
  });
});

describe.skipIf(!minio)('a server that starts all the same', () => {
  const server = minio as S3Server;

  test('is one whose store knows no rules', async () => {
    await prepare(s3ConfigFor(server), PAGES);
  });

  test('is one whose credentials may neither see nor set them', async () => {
    const config = s3ConfigFor(server);
    await prepare(config);
    const policy = await Bun.file(join(resolve(import.meta.dir, '../..'), 'deploy/s3/iam-policy.json')).text();
    const { accessKeyId, secretAccessKey, endpoint, region } = server;
    const provider = fromTemporaryCredentials({
      masterCredentials: { accessKeyId, secretAccessKey },
      clientConfig: { endpoint, region },
      params: {
        RoleArn: 'arn:aws:iam::000000000000:role/store',
        RoleSessionName: 'test',
        Policy: policy.replaceAll('BUCKET', config.bucket),
      },
    });
    await new S3Store({ config: { ...config, corsOrigins: PAGES }, provider }).prepare();
  });
});
