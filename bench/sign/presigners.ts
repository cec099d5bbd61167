import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { systemClock } from '../../src/kernel/clock';
import { newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, imageKey, type ObjectKey } from '../../src/kernel/object-key';
import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';
import { DiskUrlSigner } from '../../src/modules/storage/infrastructure/disk/sign';
import { S3Store } from '../../src/modules/storage/infrastructure/s3/s3-store';
import { signedImageUrls } from '../../src/signed-image-urls';

/** Signs GETs of images: with type, name and caching where the store's URLs carry them. No network in any of them. */
export interface Presigner {
  readonly name: string;
  /** What others are compared with. */
  readonly isMeasure: boolean;
  /** URLs that differ in nothing but the key; the way that is fastest for so many. */
  sign(keys: readonly ObjectKey[]): Promise<readonly string[]> | readonly string[];
}

const EXPIRES_IN_SECONDS = 900;
const WANTED = { expiresInSeconds: EXPIRES_IN_SECONDS, contentType: 'image/jpeg', fileName: 'photo.jpg' };
const REACH = { region: 'us-east-1', endpoint: 'http://127.0.0.1:9000', forcePathStyle: true } as const;
const KEYS = { accessKeyId: 'bench-key-id', secretAccessKey: 'bench-secret-access-key' };
const BUCKET = 'bench-images';

export async function presigners(): Promise<readonly Presigner[]> {
  return [awsSdk(), bunNative(), await thisOnS3(), thisOnDisk()];
}

export function keysOf(images: number): ObjectKey[] {
  return Array.from({ length: images }, () =>
    imageKey(attemptPrefix(newId<ProductId>(), newId()), newId(), 'original', 'jpg'),
  );
}

/** As the app makes them, with its buckets of the clock. */
async function thisOnS3(): Promise<Presigner> {
  const provider = async () => KEYS;
  const store = new S3Store({ config: { ...REACH, ...KEYS, bucket: BUCKET, retries: 0, timeoutMs: 1 }, provider });
  // loads the keys; that nobody answers at the endpoint is of no importance here
  await store.prepare().catch(() => undefined);
  return asTheApp('this app, S3', store);
}

function thisOnDisk(): Presigner {
  const secret = 'a secret of at least thirty-two bytes';
  const urls = new DiskUrlSigner({ bucket: BUCKET, publicUrl: () => REACH.endpoint, secret });
  return asTheApp('this app, disk', new DiskStore({ dataDir: 'unused', bucket: BUCKET, urls }));
}

function asTheApp(name: string, store: S3Store | DiskStore): Presigner {
  const urls = signedImageUrls(store, systemClock);
  return { name, isMeasure: false, sign: (keys) => keys.map((key) => urls.sign(key, WANTED).url) };
}

function awsSdk(): Presigner {
  const client = new S3Client({ ...REACH, credentials: KEYS });
  const one = (key: ObjectKey) =>
    getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket: BUCKET,
        Key: key,
        ResponseContentType: WANTED.contentType,
        ResponseContentDisposition: `inline; filename="${WANTED.fileName}"`,
        ResponseCacheControl: `private, max-age=${EXPIRES_IN_SECONDS}, immutable`,
      }),
      { expiresIn: EXPIRES_IN_SECONDS },
    );
  return { name: 'AWS SDK, S3', isMeasure: true, sign: (keys) => Promise.all(keys.map(one)) };
}

/** Takes neither a date nor all of the response's headers: less work, URLs that are never the same twice. */
function bunNative(): Presigner {
  const client = new Bun.S3Client({ ...REACH, ...KEYS, bucket: BUCKET });
  const options = { expiresIn: EXPIRES_IN_SECONDS, method: 'GET', type: WANTED.contentType } as const;
  return {
    name: 'Bun, S3 (type alone)',
    isMeasure: false,
    sign: (keys) => keys.map((key) => client.presign(key, options)),
  };
}
