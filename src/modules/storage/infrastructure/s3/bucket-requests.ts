import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { type AttemptPolicy, withAttempts } from './attempts';
import type { S3StoreConfig } from './s3-config';
import { statusOf } from './s3-faults';

type BucketConfig = Pick<S3StoreConfig, 'bucket' | 'region'>;

export async function checkBucket(client: S3Client, { bucket }: BucketConfig, policy: AttemptPolicy): Promise<void> {
  await withAttempts(policy, (abortSignal) => client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }));
}

/** Makes the bucket when there is none; several processes may do so at once. New buckets are private. */
export async function makeBucketIfMissing(
  client: S3Client,
  config: BucketConfig,
  policy: AttemptPolicy,
): Promise<void> {
  await withAttempts(policy, async (abortSignal) => {
    try {
      await client.send(new HeadBucketCommand({ Bucket: config.bucket }), { abortSignal });
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      await createBucket(client, config, abortSignal);
    }
  });
}

async function createBucket(
  client: S3Client,
  { bucket, region }: BucketConfig,
  abortSignal: AbortSignal,
): Promise<void> {
  // us-east-1 is the one region that may not be named
  const place =
    region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } };
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ...place }), { abortSignal });
  } catch (error) {
    const madeMeanwhile = error instanceof Error && error.name === 'BucketAlreadyOwnedByYou';
    if (!madeMeanwhile) throw error;
  }
}
