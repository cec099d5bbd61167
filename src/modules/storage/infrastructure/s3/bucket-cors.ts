import {
  type CORSRule,
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type AttemptPolicy, withAttempts } from './attempts';
import { statusOf } from './s3-faults';

/** By this we know our rule from those that an operator made. */
const RULE_ID = 'cors-origins-of-the-product-store';

/**
 * What pages of these origins need to use signed URLs: the headers are those that a signed PUT binds, and those of a conditional GET.
 * @see Amazon S3 user guide, Elements of a CORS configuration; deploy/s3/cors.json, the same by hand
 */
export function corsRuleFor(origins: readonly string[]): CORSRule {
  return {
    ID: RULE_ID,
    AllowedOrigins: [...origins],
    AllowedMethods: ['GET', 'PUT'],
    AllowedHeaders: [
      'content-type',
      'if-match',
      'if-none-match',
      'if-range',
      'range',
      'x-amz-checksum-sha256',
      'x-amz-copy-source-if-match',
      'x-amz-server-side-encryption',
      'x-amz-server-side-encryption-aws-kms-key-id',
    ],
    ExposeHeaders: ['ETag', 'Content-Range'],
    MaxAgeSeconds: 3600,
  };
}

/**
 * Brings our rule of the bucket to these origins; rules of others stay. Where the store knows no such rules (MinIO), or the credentials
 * may not change them (deploy/s3/iam-policy.json), nothing is changed: `store check` says what pages can do.
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function letPagesIn(
  client: S3Client,
  { bucket, origins }: { readonly bucket: string; readonly origins: readonly string[] },
  policy: AttemptPolicy,
): Promise<void> {
  await withAttempts(policy, async (abortSignal) => {
    try {
      const before = await rulesOf(client, bucket, abortSignal);
      const others = before.filter(({ ID }) => ID !== RULE_ID);
      const after = origins.length === 0 ? others : [...others, corsRuleFor(origins)];
      if (!isSame(before, after)) await setRules(client, bucket, after, abortSignal);
    } catch (error) {
      if (!isNotOurs(error)) throw error;
    }
  });
}

async function rulesOf(client: S3Client, bucket: string, abortSignal: AbortSignal): Promise<CORSRule[]> {
  try {
    return (await client.send(new GetBucketCorsCommand({ Bucket: bucket }), { abortSignal })).CORSRules ?? [];
  } catch (error) {
    if (statusOf(error) === 404) return [];
    throw error;
  }
}

async function setRules(client: S3Client, bucket: string, CORSRules: CORSRule[], abortSignal: AbortSignal) {
  if (CORSRules.length === 0) await client.send(new DeleteBucketCorsCommand({ Bucket: bucket }), { abortSignal });
  else {
    const input = { Bucket: bucket, CORSConfiguration: { CORSRules } };
    await client.send(new PutBucketCorsCommand(input), { abortSignal });
  }
}

/** Stores give lists back in an order of their own. */
function isSame(before: readonly CORSRule[], after: readonly CORSRule[]): boolean {
  return told(before) === told(after);
}

function told(rules: readonly CORSRule[]): string {
  const texts = rules.map((rule) => {
    const given = Object.entries(rule).filter(([, value]) => value !== undefined);
    return JSON.stringify(given.map(([name, value]) => `${name}: ${[value].flat().map(String).sort()}`).sort());
  });
  return texts.sort().join('\n');
}

/** The store knows no rules (501), or these credentials may not see or change them. */
function isNotOurs(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return (status >= 400 && status < 500 && status !== 408 && status !== 429) || status === 501;
}
