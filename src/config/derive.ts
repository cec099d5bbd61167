import { hkdfSync } from 'node:crypto';
import { resolve } from 'node:path';
import type { Settings } from './load';

/** What follows from several variables together. */
export interface Secrets {
  readonly jwt: string;
  readonly jwtPrevious: string | undefined;
  readonly urls: string;
  readonly urlsPrevious: string | undefined;
  /** The current key first, then those before it. */
  readonly credentials: readonly string[];
}

/** What is kept in files and not in the environment. */
export interface KeptSecrets {
  /** Under DATA_DIR, where JWT_SECRET is absent. */
  readonly jwt: string | undefined;
  /** Of CREDENTIALS_KEY_FILE, or under DATA_DIR; the current one first. None where CREDENTIALS_KEY is set. */
  readonly credentials: readonly string[];
}

export function secretsOf(settings: Settings, kept: KeptSecrets): Secrets {
  const jwt = settings.JWT_SECRET ?? kept.jwt;
  if (jwt === undefined) throw new Error('JWT_SECRET is absent and none was generated');
  const derived = settings.URL_SIGNING_SECRET ?? urlSecretFrom(jwt);
  const previous = settings.JWT_SECRET_PREVIOUS && urlSecretFrom(settings.JWT_SECRET_PREVIOUS);
  return {
    jwt,
    jwtPrevious: settings.JWT_SECRET_PREVIOUS,
    urls: derived,
    urlsPrevious: settings.URL_SIGNING_SECRET_PREVIOUS ?? previous,
    credentials: [
      ...(settings.CREDENTIALS_KEY === undefined ? kept.credentials : [settings.CREDENTIALS_KEY]),
      ...settings.CREDENTIALS_KEYS_PREVIOUS,
    ],
  };
}

/** RFC 5869: a secret of its own, so that neither use can forge for the other. */
function urlSecretFrom(secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'intellipost url signing', 32)).toString('base64url');
}

/** Where clients reach the server: PUBLIC_URL, or what HOST and the port that is really listened on give. */
export function publicUrlOf(settings: Settings, port: number): string {
  if (settings.PUBLIC_URL !== undefined) return settings.PUBLIC_URL;
  const everywhere = settings.HOST === '0.0.0.0' || settings.HOST === '::';
  const host = everywhere ? 'localhost' : settings.HOST;
  const scheme = settings.TLS_CERT_FILE === undefined ? 'http' : 'https';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const YEAR_SECONDS = 31_536_000;

/** Not on a developer's machine: a browser that has heard it of `localhost` asks all its ports by TLS. */
export function hstsMaxAgeOf(settings: Settings): number {
  return settings.HSTS_MAX_AGE_SECONDS ?? (settings.NODE_ENV === 'production' ? YEAR_SECONDS : 0);
}

/** Null: the disk store. The type is that of the storage module's configuration. */
export function s3ConfigOf(settings: Settings) {
  if (settings.S3_BUCKET_NAME === undefined) return null;
  const sse = settings.S3_SSE ?? (settings.NODE_ENV === 'production' ? 'AES256' : 'none');
  return {
    bucket: settings.S3_BUCKET_NAME,
    region: settings.S3_REGION,
    forcePathStyle: settings.S3_FORCE_PATH_STYLE,
    retries: settings.S3_RETRIES,
    timeoutMs: settings.S3_TIMEOUT_MS,
    corsOrigins: settings.CORS_ORIGINS,
    ...present('endpoint', settings.S3_ENDPOINT_URL),
    ...present('publicEndpoint', settings.S3_PUBLIC_ENDPOINT_URL),
    ...present('accessKeyId', settings.S3_ACCESS_KEY_ID),
    ...present('secretAccessKey', settings.S3_SECRET_ACCESS_KEY),
    ...present('kmsKeyId', settings.S3_KMS_KEY_ID),
    ...present('sse', sse === 'none' ? undefined : sse),
  };
}

/** Where the objects are, for a reader: the same words are the same place. */
export function storePlaceOf(settings: Settings): string {
  const s3 = s3ConfigOf(settings);
  if (!s3) return `the folder ${resolve(settings.DATA_DIR)}`;
  return `the bucket "${s3.bucket}" of ${s3.endpoint ?? `Amazon S3, ${s3.region}`}`;
}

/** Where `cli store migrate --to s3` copies to; null where TARGET_S3_BUCKET_NAME is absent. */
export function targetS3ConfigOf(settings: Settings) {
  return s3ConfigOf({
    ...settings,
    S3_BUCKET_NAME: settings.TARGET_S3_BUCKET_NAME,
    S3_ENDPOINT_URL: settings.TARGET_S3_ENDPOINT_URL,
    S3_PUBLIC_ENDPOINT_URL: undefined,
    S3_REGION: settings.TARGET_S3_REGION,
    S3_ACCESS_KEY_ID: settings.TARGET_S3_ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY: settings.TARGET_S3_SECRET_ACCESS_KEY,
    S3_FORCE_PATH_STYLE: settings.TARGET_S3_FORCE_PATH_STYLE,
    S3_SSE: settings.TARGET_S3_SSE,
    S3_KMS_KEY_ID: settings.TARGET_S3_KMS_KEY_ID,
  });
}

/** When an address that fails to log in has to wait. */
export function loginLimitsOf(settings: Settings) {
  return {
    freeFailures: settings.LOGIN_FREE_FAILURES ?? (settings.NODE_ENV === 'production' ? 10 : 100),
    accountFailures: settings.LOGIN_ACCOUNT_FAILURES,
    longestWaitSeconds: settings.LOGIN_LONGEST_WAIT_SECONDS,
  };
}

/** Where backups go; null where neither BACKUP_S3_BUCKET_NAME nor BACKUP_DIR is set. */
export function backupTargetOf(settings: Settings) {
  const { BACKUP_S3_BUCKET_NAME: bucket, BACKUP_DIR: folder } = settings;
  if (bucket === undefined) return folder === undefined ? null : { folder };
  const s3 = s3ConfigOf({
    ...settings,
    S3_BUCKET_NAME: bucket,
    S3_ENDPOINT_URL: settings.BACKUP_S3_ENDPOINT_URL,
    S3_PUBLIC_ENDPOINT_URL: undefined,
    S3_REGION: settings.BACKUP_S3_REGION,
    S3_ACCESS_KEY_ID: settings.BACKUP_S3_ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY: settings.BACKUP_S3_SECRET_ACCESS_KEY,
    S3_FORCE_PATH_STYLE: settings.BACKUP_S3_FORCE_PATH_STYLE,
    S3_SSE: settings.BACKUP_S3_SSE,
    S3_KMS_KEY_ID: settings.BACKUP_S3_KMS_KEY_ID,
  });
  if (!s3) return null;
  const { corsOrigins: _noPages, ...reached } = s3;
  return { s3: reached };
}

/** What is convenient to develop with would be no limit to a stranger. */
export function rateQuotasOf(settings: Settings) {
  const isProduction = settings.NODE_ENV === 'production';
  return {
    address: settings.RATE_LIMIT_ADDRESS ?? (isProduction ? 12_000 : 600_000),
    user: settings.RATE_LIMIT_USER ?? (isProduction ? 6_000 : 600_000),
    auth: settings.RATE_LIMIT_AUTH ?? (isProduction ? 60 : 1_200),
  };
}

/** That the body of an upload must keep, by whichever door it comes. */
export function bodyPaceOf(settings: Settings) {
  return {
    minBytesPerSecond: settings.MIN_UPLOAD_BYTES_PER_SECOND,
    deadlineMs: settings.UPLOAD_DEADLINE_SECONDS * 1000,
  };
}

/** In days; 0: kept for ever. */
export function retentionAgesOf(settings: Settings) {
  return {
    failedProducts: settings.RETENTION_FAILED_PRODUCTS_DAYS,
    history: settings.RETENTION_HISTORY_DAYS,
    events: settings.RETENTION_EVENTS_DAYS,
    runs: settings.RETENTION_RUNS_DAYS,
    operatorAudit: settings.RETENTION_OPERATOR_AUDIT_DAYS,
  };
}

/** Optional properties that are absent, not undefined. */
function present<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value };
}
