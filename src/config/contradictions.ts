import { isBackupAmongData, isBackupAmongImages } from './backup-places';
import type { Settings } from './load';
import { hasVerifiedTls } from './production-refusals';
import type { Rule } from './rules';

const OF_BUCKETS = (['', 'TARGET_', 'BACKUP_'] as const).flatMap((which): Rule[] => [
  {
    when: (s) => (s[`${which}S3_ACCESS_KEY_ID`] === undefined) !== (s[`${which}S3_SECRET_ACCESS_KEY`] === undefined),
    variables: [`${which}S3_ACCESS_KEY_ID`, `${which}S3_SECRET_ACCESS_KEY`],
    says: 'set both or neither',
  },
  {
    when: (s) => s[`${which}S3_SSE`] === 'aws:kms' && s[`${which}S3_KMS_KEY_ID`] === undefined,
    variables: [`${which}S3_KMS_KEY_ID`],
    says: `must be set when ${which}S3_SSE is aws:kms`,
  },
]);

const OF_DRILLS: readonly Rule[] = [
  {
    when: (s) => s.BACKUP_DRILL_BUCKET_NAME !== undefined && bucketsOf(s).includes(s.BACKUP_DRILL_BUCKET_NAME),
    variables: ['BACKUP_DRILL_BUCKET_NAME'],
    says: 'it is emptied by every drill, and must be no bucket of images, former ones and the target of a migration among them, nor that of the backups',
  },
  {
    when: (s) => s.BACKUP_DRILL_DATABASE_URL !== undefined && namesOf(s).includes(placeOf(s.BACKUP_DRILL_DATABASE_URL)),
    variables: ['BACKUP_DRILL_DATABASE_URL'],
    says: 'it is emptied by every drill, and must not be the application’s database',
  },
];

const OF_DATABASES = (['DATABASE_URL', 'MIGRATION_DATABASE_URL'] as const).map(
  (name): Rule => ({
    when: (s) => s.DATABASE_CA_FILE !== undefined && s[name] !== undefined && !hasVerifiedTls(s[name]),
    variables: [name],
    says: 'must end with sslmode=verify-full where DATABASE_CA_FILE is set',
  }),
);

/** What cannot hold together, wherever it runs. */
export const CONTRADICTIONS: readonly Rule[] = [
  ...OF_BUCKETS,
  {
    when: (s) => s.CREDENTIALS_KEY !== undefined && s.CREDENTIALS_KEY_FILE !== undefined,
    variables: ['CREDENTIALS_KEY', 'CREDENTIALS_KEY_FILE'],
    says: 'set one of them',
  },
  ...OF_DRILLS,
  {
    when: (s) => isBackupAmongImages(s),
    variables: ['BACKUP_S3_BUCKET_NAME'],
    says: 'must be another bucket than that of the images',
  },
  {
    when: (s) => isBackupAmongImages(s, 'TARGET_'),
    variables: ['TARGET_S3_BUCKET_NAME'],
    says: 'must be another bucket than that of the backups',
  },
  {
    when: isBackupAmongData,
    variables: ['BACKUP_DIR', 'DATA_DIR'],
    says: 'the first must not lie in the second, or whatever takes one of them takes both',
  },
  {
    when: (s) => (s.TLS_CERT_FILE === undefined) !== (s.TLS_KEY_FILE === undefined),
    variables: ['TLS_CERT_FILE', 'TLS_KEY_FILE'],
    says: 'set both or neither',
  },
  ...OF_DATABASES,
  {
    when: (s) => s.MAX_IMAGE_BYTES > s.MAX_UPLOAD_BYTES,
    variables: ['MAX_IMAGE_BYTES', 'MAX_UPLOAD_BYTES'],
    says: 'the first may be the second at most',
  },
  {
    when: (s) => s.UPLOAD_STAGED_BYTES_MAX < 2 * s.MAX_UPLOAD_BYTES,
    variables: ['UPLOAD_STAGED_BYTES_MAX', 'MAX_UPLOAD_BYTES'],
    says: 'the first may be twice the second at least',
  },
];

/** Every bucket that something else is kept in. */
function bucketsOf(loaded: Settings): (string | undefined)[] {
  const { S3_BUCKET_NAME, TARGET_S3_BUCKET_NAME, BACKUP_S3_BUCKET_NAME, S3_FORMER_BUCKET_NAMES } = loaded;
  return [S3_BUCKET_NAME, TARGET_S3_BUCKET_NAME, BACKUP_S3_BUCKET_NAME, ...S3_FORMER_BUCKET_NAMES];
}

function namesOf({ DATABASE_URL, MIGRATION_DATABASE_URL }: Settings): string[] {
  return [DATABASE_URL, MIGRATION_DATABASE_URL].flatMap((url) => (url === undefined ? [] : [placeOf(url)]));
}

/** Server and database, whichever role asks for them. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 5432}${pathname}`;
}
