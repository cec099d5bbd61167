import { systemClock } from '../../src/kernel/clock';
import { type KeyPrefix, type ObjectKey, objectKey } from '../../src/kernel/object-key';
import { CurrentCredentials, credentialsProvider } from '../../src/modules/storage/infrastructure/s3/credentials';
import type { S3StoreConfig } from '../../src/modules/storage/infrastructure/s3/s3-config';
import { S3Signer } from '../../src/modules/storage/infrastructure/s3/s3-signer';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import type { S3Server } from '../../tests/support/s3-server-kinds';
import { s3Server } from '../../tests/support/s3-servers';
import type { PutTarget } from '../load/jobs';
import type { ServerProcess } from '../servers/server-process';
import { type Contender, uploadTo } from './contender';
import type { BenchPhoto } from './photos';

export interface BenchBucket {
  readonly config: S3StoreConfig;
  /** The same for the app. */
  readonly environment: Readonly<Record<string, string>>;
  readonly server: S3Server;
}

/** A new bucket on MinIO. @throws Error where there is none to be had */
export async function benchBucket(): Promise<BenchBucket> {
  const server = await s3Server('minio');
  if (!server) throw new Error('there is no MinIO to measure on');
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const bucket = `bench-${Bun.randomUUIDv7().slice(-12)}`;
  const reach = { endpoint, region, accessKeyId, secretAccessKey, bucket };
  return {
    config: { ...reach, forcePathStyle: true, retries: 0, timeoutMs: 30_000 },
    environment: {
      S3_ENDPOINT_URL: endpoint,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
      S3_BUCKET_NAME: bucket,
    },
    server,
  };
}

/** Of what was deleted, too: a store in memory would be full after some bursts. */
export async function emptyBucket({ config, server }: BenchBucket): Promise<void> {
  const store = new S3Store({ config });
  await store.prepare();
  const keys: ObjectKey[] = [];
  for await (const { key } of store.list('' as KeyPrefix)) keys.push(key);
  await store.deleteMany(keys);
  await server.emptyTrash?.();
}

/** Presigned PUTs with the promises that the app's own have: length, type, sha-256, write-once. */
export async function s3Limit({ config }: BenchBucket, photos: readonly BenchPhoto[]): Promise<Contender> {
  const store = new S3Store({ config });
  await store.prepare();
  return putsTo('presigned PUT straight to the store', null, photos, (key, photo) => signedTarget(store, key, photo));
}

/** The same PUTs, and of each the copy that a direct upload is kept as: what the store itself takes for both. */
export async function copiedS3Limit({ config }: BenchBucket, photos: readonly BenchPhoto[]): Promise<Contender> {
  const credentials = new CurrentCredentials(credentialsProvider(config), systemClock);
  const [store, signer] = [new S3Store({ config }), new S3Signer(config, credentials)];
  await Promise.all([store.prepare(), credentials.load()]);
  const product = () => {
    const id = Bun.randomUUIDv7();
    const keys = photos.map((_, index) => objectKey(`bench/${id}/${index}.jpg`));
    const puts = photos.map((photo, index) => signedTarget(store, keys[index] as ObjectKey, photo));
    return [
      ...puts,
      ...keys.map((key) => ({ ...signer.ownCopy(key, objectKey(`bench/copies/${key}`), 'image/jpeg'), isCopy: true })),
    ];
  };
  const targets = (products: number) => Array.from({ length: products }, product);
  return {
    name: '… and copied within the store',
    isLimit: false,
    cost: null,
    job: (products, concurrency) => ({ kind: 'puts', targets: targets(products), concurrency }),
  };
}

/** The same durability, without any of the checks: of the same requests, and of one request per photo. */
export function diskLimits({ url, cost }: ServerProcess, photos: readonly BenchPhoto[]): Contender[] {
  const byParts = uploadTo('a bare server that writes and fsyncs each part', `${url}/keep`, { cost, sellers: [{}] });
  const target = (key: ObjectKey) => ({ url: `${url}/${key}`, headers: {} });
  return [
    { ...byParts, isLimit: true },
    { ...putsTo('… of one PUT for each photo', cost, photos, target), isLimit: false },
  ];
}

function putsTo(
  name: string,
  cost: Contender['cost'],
  photos: readonly BenchPhoto[],
  target: (key: ObjectKey, photo: BenchPhoto) => PutTarget,
): Contender {
  const product = () => {
    const id = Bun.randomUUIDv7();
    return photos.map((photo, index) => target(objectKey(`bench/${id}/${index}.jpg`), photo));
  };
  return {
    name,
    isLimit: true,
    cost,
    job: (products, concurrency) => ({ kind: 'puts', targets: Array.from({ length: products }, product), concurrency }),
  };
}

function signedTarget(store: S3Store, key: ObjectKey, { sizeBytes, sha256 }: BenchPhoto): PutTarget {
  const issuedAt = new Date(Math.floor(Date.now() / 1000) * 1000);
  const expiresAt = new Date(issuedAt.getTime() + 3_600_000);
  return store.signPut({ key, issuedAt, expiresAt, contentType: 'image/jpeg', sizeBytes, sha256 });
}
