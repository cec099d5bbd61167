import { z } from 'zod';
import { isAgeIdentity } from './age-identity';
import { cron, flag, list, optionalDatabaseUrl, optionalHttpUrl, optionalText, seconds, share, whole } from './kinds';

/** Where backups go, and when: one group of `settings`. */
export const backupSettings = {
  BACKUP_DIR: optionalText().describe(
    'Folder that backups go to, on another disk than DATA_DIR and never in it. Neither it nor BACKUP_S3_BUCKET_NAME: there are no backups.',
  ),
  BACKUP_S3_BUCKET_NAME: optionalText().describe(
    'Bucket that backups go to, for them alone; with other keys than the store’s, or whoever has those has both. It goes before BACKUP_DIR.',
  ),
  BACKUP_S3_ENDPOINT_URL: optionalHttpUrl().describe('Its endpoint. Absent: Amazon S3 of BACKUP_S3_REGION.'),
  BACKUP_S3_REGION: z.string().default('us-east-1').describe('Its region.'),
  BACKUP_S3_ACCESS_KEY_ID: optionalText().meta({ secret: true }).describe('Absent: the AWS provider chain.'),
  BACKUP_S3_SECRET_ACCESS_KEY: optionalText().meta({ secret: true }).describe('Secret of BACKUP_S3_ACCESS_KEY_ID.'),
  BACKUP_S3_FORCE_PATH_STYLE: flag(true).describe('`endpoint/bucket/key`; false for `bucket.endpoint/key`.'),
  BACKUP_S3_SSE: z
    .enum(['none', 'AES256', 'aws:kms'])
    .optional()
    .describe('Server-side encryption of backups. Default: AES256 in production, none elsewhere.'),
  BACKUP_S3_KMS_KEY_ID: optionalText().describe('Key for BACKUP_S3_SSE=aws:kms.'),
  BACKUP_ENCRYPTION_IDENTITY: z
    .string()
    .refine(isAgeIdentity, 'must be an age identity, every letter of it: `bun run cli backup key` makes one')
    .optional()
    .meta({ secret: true })
    .describe(
      'Encrypts everything before it leaves (age): `bun run cli backup key` makes one. Keep a copy where the backups are not: without it they are worth nothing. Absent: nothing is encrypted.',
    ),
  BACKUP_ENCRYPTION_FORMER_IDENTITIES: list()
    .refine((each) => each.every(isAgeIdentity), 'must be age identities, every letter of them, separated by commas')
    .meta({ secret: true })
    .describe('Identities before it, comma-separated: what they encrypted can still be read.'),
  BACKUP_CRON: cron('7 1 * * *').describe('When a backup is made, if there is a target (cron, UTC); `off` never.'),
  BACKUP_VERIFY_CRON: cron('37 4 * * *').describe(
    'When the newest backup is verified, with BACKUP_VERIFY_SHARE of its objects (cron, UTC); `off` never.',
  ),
  BACKUP_VERIFY_SHARE: share(0.05).describe('Of how many objects, as a share, that verification reads the bytes.'),
  BACKUP_PRUNE_CRON: cron('7 5 * * *').describe(
    'When backups are removed that the BACKUP_KEEP_… need no more (cron, UTC); `off` never.',
  ),
  BACKUP_KEEP_DAILY: whole(7, 0, 3660).describe('The last backup of so many days is kept.'),
  BACKUP_KEEP_WEEKLY: whole(4, 0, 520).describe('The last backup of so many weeks is kept.'),
  BACKUP_KEEP_MONTHLY: whole(12, 0, 1200).describe('The last backup of so many months is kept.'),
  BACKUP_PRUNE_MAX_SHARE: share(0.5).describe(
    'Where more than this share of the stored objects would go, prune fails and deletes none.',
  ),
  BACKUP_PRUNE_MAX_DAYS: whole(5, 1, 3660).describe(
    'Where more days than these would have no backup any more, prune fails and removes none: a mistyped BACKUP_KEEP_… takes a year. A daily run takes three at most; one that comes late may take as many more as days have got a backup meanwhile.',
  ),
  BACKUP_LEASE_SECONDS: seconds(300, 5, 86400).describe(
    'A backup or prune that has not renewed its lease for so long is taken for dead; what was held for it is freed.',
  ),
  BACKUP_CONCURRENCY: whole(8, 1, 64).describe('Objects that are copied or read at once.'),
  BACKUP_DRILL_CRON: cron('47 5 * * 0').describe(
    'When the newest backup is restored beside the running system, read, and removed (cron, UTC); `off` never.',
  ),
  BACKUP_DRILL_DATABASE_URL: optionalDatabaseUrl()
    .meta({ secret: true })
    .describe(
      'Database that drills restore into, as its owner; for them alone: what they put there is thrown away each time, and anything else is refused. Absent: one is made beside the application’s and dropped, which takes a role with CREATEDB.',
    ),
  BACKUP_DRILL_BUCKET_NAME: optionalText().describe(
    'Bucket of the store that drills restore into; for them alone, it is emptied each time. Absent: a folder under DATA_DIR, which has to have room for all objects; production wants that volume encrypted (DISK_ENCRYPTED_AT_REST).',
  ),
  BACKUP_DRILL_PRODUCTS: whole(100, 1, 1_000_000).describe('So many products a drill reads through the application.'),
} as const;
