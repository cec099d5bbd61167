import type { Rule } from './rules';

/** Said once: of several the driver would take the last. */
export function hasVerifiedTls(url: string): boolean {
  return new URL(url).searchParams.getAll('sslmode').join() === 'verify-full';
}

const NOT_NONE = 'must not be none in production (or DISK_ENCRYPTED_AT_REST=true, if the store’s volume is encrypted)';

/** What is convenient on a developer's machine and dangerous on a server; each has its own explicit override. */
const REFUSALS: readonly Rule[] = [
  {
    when: (s) => s.DATABASE_URL === undefined && !s.ALLOW_EMBEDDED,
    variables: ['DATABASE_URL'],
    says: 'must be set in production (or ALLOW_EMBEDDED=true)',
  },
  {
    when: (s) => s.S3_BUCKET_NAME === undefined && !s.ALLOW_EMBEDDED,
    variables: ['S3_BUCKET_NAME'],
    says: 'must be set in production (or ALLOW_EMBEDDED=true)',
  },
  {
    when: (s) =>
      (s.DATABASE_URL === undefined || s.S3_BUCKET_NAME === undefined) && s.ALLOW_EMBEDDED && !s.DISK_ENCRYPTED_AT_REST,
    variables: ['DISK_ENCRYPTED_AT_REST'],
    says: 'must be true in production where ALLOW_EMBEDDED keeps photos or the database under DATA_DIR: encrypt that volume first',
  },
  {
    when: (s) => s.S3_SSE === 'none' && !s.DISK_ENCRYPTED_AT_REST,
    variables: ['S3_SSE'],
    says: NOT_NONE,
  },
  {
    when: (s) =>
      (s.BACKUP_DIR !== undefined || s.BACKUP_S3_BUCKET_NAME !== undefined) &&
      s.BACKUP_DRILL_CRON !== 'off' &&
      s.BACKUP_DRILL_BUCKET_NAME === undefined &&
      !s.DISK_ENCRYPTED_AT_REST,
    variables: ['BACKUP_DRILL_BUCKET_NAME'],
    says: 'must be set in production, or drills put photos under DATA_DIR in clear (or BACKUP_DRILL_CRON=off, or DISK_ENCRYPTED_AT_REST=true, if that volume is encrypted)',
  },
  {
    when: (s) =>
      (s.BACKUP_S3_BUCKET_NAME === undefined ? s.BACKUP_DIR !== undefined : s.BACKUP_S3_SSE === 'none') &&
      s.BACKUP_ENCRYPTION_IDENTITY === undefined &&
      !s.DISK_ENCRYPTED_AT_REST,
    variables: ['BACKUP_ENCRYPTION_IDENTITY'],
    says: 'must be set in production where backups go to BACKUP_DIR, or BACKUP_S3_SSE is none (or DISK_ENCRYPTED_AT_REST=true, if the volume that they lie on is encrypted)',
  },
  {
    when: (s) => s.TARGET_S3_SSE === 'none' && !s.DISK_ENCRYPTED_AT_REST,
    variables: ['TARGET_S3_SSE'],
    says: NOT_NONE,
  },
  { when: (s) => s.JWT_SECRET === undefined, variables: ['JWT_SECRET'], says: 'must be set in production' },
  {
    when: (s) => s.CREDENTIALS_KEY === undefined && s.CREDENTIALS_KEY_FILE === undefined,
    variables: ['CREDENTIALS_KEY'],
    says: 'must be set in production (or CREDENTIALS_KEY_FILE)',
  },
  {
    when: (s) => s.TLS_CERT_FILE === undefined && s.TRUSTED_PROXIES.length === 0 && !s.ALLOW_PLAIN_HTTP,
    variables: ['TLS_CERT_FILE'],
    says: 'must be set in production, or TRUSTED_PROXIES with proxies in front that end TLS (or ALLOW_PLAIN_HTTP=true)',
  },
  {
    when: (s) => s.PUBLIC_URL?.startsWith('http:') === true && !s.ALLOW_PLAIN_HTTP,
    variables: ['PUBLIC_URL'],
    says: 'must be https in production (or ALLOW_PLAIN_HTTP=true)',
  },
  {
    when: (s) => s.DATABASE_URL !== undefined && !hasVerifiedTls(s.DATABASE_URL) && !s.ALLOW_PLAIN_DATABASE,
    variables: ['DATABASE_URL'],
    says: 'must end with sslmode=verify-full in production (or ALLOW_PLAIN_DATABASE=true)',
  },
  {
    when: (s) =>
      s.BACKUP_DRILL_DATABASE_URL !== undefined &&
      !hasVerifiedTls(s.BACKUP_DRILL_DATABASE_URL) &&
      !s.ALLOW_PLAIN_DATABASE,
    variables: ['BACKUP_DRILL_DATABASE_URL'],
    says: 'must end with sslmode=verify-full in production (or ALLOW_PLAIN_DATABASE=true)',
  },
  {
    when: (s) =>
      s.MIGRATION_DATABASE_URL !== undefined && !hasVerifiedTls(s.MIGRATION_DATABASE_URL) && !s.ALLOW_PLAIN_DATABASE,
    variables: ['MIGRATION_DATABASE_URL'],
    says: 'must end with sslmode=verify-full in production (or ALLOW_PLAIN_DATABASE=true)',
  },
  {
    when: (s) => s.S3_ENDPOINT_URL?.startsWith('http:') === true && !s.ALLOW_PLAIN_S3,
    variables: ['S3_ENDPOINT_URL'],
    says: 'must be https in production (or ALLOW_PLAIN_S3=true)',
  },
  {
    when: (s) => s.S3_PUBLIC_ENDPOINT_URL?.startsWith('http:') === true && !s.ALLOW_PLAIN_S3,
    variables: ['S3_PUBLIC_ENDPOINT_URL'],
    says: 'must be https in production (or ALLOW_PLAIN_S3=true)',
  },
  {
    when: (s) => s.TARGET_S3_ENDPOINT_URL?.startsWith('http:') === true && !s.ALLOW_PLAIN_S3,
    variables: ['TARGET_S3_ENDPOINT_URL'],
    says: 'must be https in production (or ALLOW_PLAIN_S3=true)',
  },
  {
    when: (s) => s.BACKUP_S3_ENDPOINT_URL?.startsWith('http:') === true && !s.ALLOW_PLAIN_S3,
    variables: ['BACKUP_S3_ENDPOINT_URL'],
    says: 'must be https in production (or ALLOW_PLAIN_S3=true)',
  },
  {
    when: (s) => s.CDN_BASE_URL?.startsWith('http:') === true && !s.ALLOW_PLAIN_S3,
    variables: ['CDN_BASE_URL'],
    says: 'must be https in production (or ALLOW_PLAIN_S3=true)',
  },
];

/** Elsewhere than in production none of them is asked. */
export const PRODUCTION_REFUSALS: readonly Rule[] = REFUSALS.map((refusal) => ({
  ...refusal,
  when: (settings) => settings.NODE_ENV === 'production' && refusal.when(settings),
}));
