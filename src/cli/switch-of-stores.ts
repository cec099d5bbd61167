import type { Settings } from '../config/load';
import { LONGEST_LIFE_SECONDS } from '../signed-image-urls';

/**
 * What is left to do once the objects are copied, line by line.
 * @param s3 where they were copied to; null for the disk
 * @param names the buckets that rows name, and the one that new rows will name
 */
export function switchOfStores(
  settings: Settings,
  s3: { readonly bucket: string } | null,
  names: { readonly buckets: readonly string[]; readonly target: string },
): string[] {
  const former = names.buckets.filter((bucket) => bucket !== names.target);
  const prune = s3 ? 's3' : 'disk';
  return [
    '',
    'Left to do:',
    `1. Stop the server, and run \`bun run cli store migrate --to ${prune} --prune\` once more: it copies what has come since.`,
    '2. Change the configuration:',
    ...(s3 ? s3Variables(settings) : ['S3_BUCKET_NAME=']).map((line) => `     ${line}`),
    `     S3_FORMER_BUCKET_NAMES=${former.join(',')}`,
    '   and review S3_PUBLIC_ENDPOINT_URL and CDN_BASE_URL: how clients reach the store.',
    '3. Start the server. The objects stay where they were until you remove them.',
    ...(settings.S3_BUCKET_NAME === undefined ? [] : lastUrlsOf(settings.S3_BUCKET_NAME)),
  ];
}

/** The new store's revocations and deletions don't reach the old one; the disk's own door ends with the switch. */
function lastUrlsOf(bucket: string): string[] {
  return [
    `   URLs that were signed before open ${bucket} for up to ${LONGEST_LIFE_SECONDS / 60} minutes more, also where they are revoked or their product is`,
    '   deleted on the new store: to end them at once, disable the key that signed them, or empty that bucket.',
  ];
}

/** The secrets are named, not shown. */
function s3Variables(settings: Settings): string[] {
  const moved = ['BUCKET_NAME', 'ENDPOINT_URL', 'REGION', 'FORCE_PATH_STYLE', 'SSE', 'KMS_KEY_ID'] as const;
  const shown = moved.map((name) => `S3_${name}=${settings[`TARGET_S3_${name}`] ?? ''}`);
  return [...shown, ...keys(settings)];
}

/** Where a role signs at the target, the keys of the source must go: they would be taken for the target's. */
function keys({ S3_ACCESS_KEY_ID, TARGET_S3_ACCESS_KEY_ID }: Settings): string[] {
  const names = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'];
  if (TARGET_S3_ACCESS_KEY_ID !== undefined) return names.map((name) => `S3_${name}=<that of TARGET_S3_${name}>`);
  return S3_ACCESS_KEY_ID === undefined ? [] : names.map((name) => `S3_${name}=`);
}
