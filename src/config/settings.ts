import { z } from 'zod';
import { admissionSettings } from './admission-settings';
import { backupSettings } from './backup-settings';
import {
  bytes,
  cron,
  flag,
  list,
  optionalDatabaseUrl,
  optionalHttpUrl,
  optionalText,
  optionalWhole,
  origins,
  port,
  proxies,
  seconds,
  secret,
  secretList,
  share,
  whole,
} from './kinds';

/**
 * Every environment variable that this software reads, once. `docs/environment.md` and `.env.example` are generated from it
 * (`bun run docs`), so a description here is the documentation.
 */
export const settings = {
  Server: {
    NODE_ENV: z
      .enum(['development', 'test', 'production'])
      .default('development')
      .describe('`production` refuses every setting that is safe only on a developer’s machine.'),
    HOST: z.string().default('0.0.0.0').describe('Address to listen on.'),
    PORT: port(3000).describe('Port to listen on; 0 takes a free one.'),
    PUBLIC_URL: optionalHttpUrl().describe(
      'How clients reach this server; signed URLs of the disk store begin with it. Default: http://localhost:PORT, with a certificate https.',
    ),
    TLS_CERT_FILE: optionalText().describe(
      'Certificate chain in PEM form: this server then speaks TLS itself. It and its key are read again every 10 s and on SIGHUP; a renewed pair is served without a restart.',
    ),
    TLS_KEY_FILE: optionalText().describe('Private key of TLS_CERT_FILE, in PEM form, without a passphrase.'),
    ALLOW_TLS_1_2: flag(false).describe('Takes TLS 1.2 from clients that know no 1.3.'),
    HSTS_MAX_AGE_SECONDS: optionalWhole(0, 63072000).describe(
      'How long browsers are to come by TLS alone (Strict-Transport-Security), sent on answers that go over TLS; 0: not said. Default: a year in production, 0 elsewhere.',
    ),
    TRUSTED_PROXIES: proxies().describe(
      'Addresses and CIDR blocks, separated by commas, of the proxies in front that end TLS, such as `10.0.0.0/8, 2001:db8::/32`. Only what comes from them may say by X-Forwarded-For and X-Forwarded-Proto whom it comes from and how. Without one, and without TLS_CERT_FILE, production refuses to start.',
    ),
    ALLOW_PLAIN_HTTP: flag(false).describe(
      'Lets production serve plain HTTP without a proxy, and name itself by an http PUBLIC_URL. For trials only.',
    ),
    CORS_ORIGINS: origins().describe(
      'Origins, separated by commas, whose pages may call this API and use signed URLs; `*` for any. Set on the bucket where the store has such rules; `bun run cli store check` says what is missing. MinIO of docker-compose.yml is given the same text, and takes it letter by letter: without spaces, as in `https://shop.example,http://localhost:5173`.',
    ),
    METRICS_TOKEN: optionalText()
      .meta({ secret: true })
      .describe('Bearer token that /metrics asks for. Absent: anyone who reaches the port may read it.'),
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .describe('Least level that is logged.'),
    SHUTDOWN_GRACE_SECONDS: seconds(25, 0, 600).describe(
      'How long uploads under way may take to finish after SIGTERM or Ctrl-C.',
    ),
  },
  Data: {
    DATA_DIR: z
      .string()
      .min(1)
      .default('./data')
      .describe(
        'Folder of temporary files and, where they are embedded, of PostgreSQL, the objects and the generated secrets.',
      ),
    ALLOW_EMBEDDED: flag(false).describe('Lets production run on the embedded PostgreSQL and the disk store.'),
    DISK_ENCRYPTED_AT_REST: flag(false).describe(
      'You declare that the volume under DATA_DIR, that of an S3 store with S3_SSE=none, and that of backups which nothing else encrypts, is encrypted (LUKS, or the cloud’s volume encryption): production refuses any of them, and drills into a folder, without it.',
    ),
    DATABASE_URL: optionalDatabaseUrl()
      .meta({ secret: true })
      .describe(
        'PostgreSQL 16 or later, as the application’s role; production wants `?sslmode=verify-full`. Absent: an embedded PostgreSQL under DATA_DIR.',
      ),
    MIGRATION_DATABASE_URL: optionalDatabaseUrl()
      .meta({ secret: true })
      .describe('The same database as the role that owns the tables. Default: DATABASE_URL.'),
    MIGRATE_ON_START: flag(true).describe(
      'Apply outstanding migrations at start, under an advisory lock. False: `bun run cli migrate` does it.',
    ),
    DATABASE_CA_FILE: optionalText().describe(
      'Authority that signed the certificate of PostgreSQL, in PEM form, where it is not one that everybody trusts. Needs sslmode=verify-full.',
    ),
    ALLOW_PLAIN_DATABASE: flag(false).describe(
      'Lets production reach PostgreSQL without verified TLS (sslmode=verify-full).',
    ),
    DATABASE_POOL_SIZE: whole(10, 6, 200).describe(
      'Most connections of one server process. Each task of upkeep holds one while it runs, for its lock.',
    ),
    DATABASE_STATEMENT_TIMEOUT_MS: whole(15000, 100, 600000).describe('A statement that takes longer is cancelled.'),
    DATABASE_LOCK_TIMEOUT_MS: whole(5000, 100, 600000).describe(
      'A statement that waits longer for a lock is cancelled.',
    ),
    DATABASE_CONNECT_TIMEOUT_MS: whole(10000, 100, 60000).describe(
      'How long a request waits for a connection before it answers 503.',
    ),
  },
  'Object store': {
    S3_BUCKET_NAME: optionalText().describe(
      'Bucket of the images; setting it chooses S3. Absent: files under DATA_DIR.',
    ),
    S3_FORMER_BUCKET_NAMES: list().describe('Former names of the bucket that rows may still carry.'),
    S3_ENDPOINT_URL: optionalHttpUrl().describe(
      'S3-compatible endpoint, such as http://localhost:9000. Absent: Amazon S3 of S3_REGION. An authority of your own is named by NODE_EXTRA_CA_CERTS, which Bun itself reads (docs/operations.md, TLS).',
    ),
    S3_PUBLIC_ENDPOINT_URL: optionalHttpUrl().describe(
      'Endpoint that signed URLs name, where clients reach the store by another address. Default: S3_ENDPOINT_URL.',
    ),
    CDN_BASE_URL: optionalHttpUrl().describe(
      'Origin of a CDN in front of the store, such as https://images.example.com: signed URLs of images begin with it, and shared caches may keep what it delivers (docs/cdn.md). Absent: clients reach the store itself.',
    ),
    S3_REGION: z.string().default('us-east-1').describe('Region that requests are signed for.'),
    S3_ACCESS_KEY_ID: optionalText()
      .meta({ secret: true })
      .describe('Absent: the AWS provider chain (environment, profile, container or instance role).'),
    S3_SECRET_ACCESS_KEY: optionalText().meta({ secret: true }).describe('Secret of S3_ACCESS_KEY_ID.'),
    S3_FORCE_PATH_STYLE: flag(true).describe(
      '`endpoint/bucket/key` as MinIO wants it; false for `bucket.endpoint/key`.',
    ),
    S3_SSE: z
      .enum(['none', 'AES256', 'aws:kms'])
      .optional()
      .describe('Server-side encryption of every object written. Default: AES256 in production, none elsewhere.'),
    S3_KMS_KEY_ID: optionalText().describe('Key for S3_SSE=aws:kms.'),
    S3_RETRIES: whole(3, 0, 10).describe('How often a failed store request is tried again before 503.'),
    S3_TIMEOUT_MS: whole(10000, 100, 300000).describe('A store that sends and takes nothing for so long is given up.'),
    ALLOW_PLAIN_S3: flag(false).describe('Lets production reach the object store by http.'),
  },
  'Moving to another store': {
    TARGET_S3_BUCKET_NAME: optionalText().describe(
      'Bucket that `bun run cli store migrate --to s3` copies to. What begins with TARGET_ serves that command alone.',
    ),
    TARGET_S3_ENDPOINT_URL: optionalHttpUrl().describe('Its endpoint. Absent: Amazon S3 of TARGET_S3_REGION.'),
    TARGET_S3_REGION: z.string().default('us-east-1').describe('Its region.'),
    TARGET_S3_ACCESS_KEY_ID: optionalText().meta({ secret: true }).describe('Absent: the AWS provider chain.'),
    TARGET_S3_SECRET_ACCESS_KEY: optionalText().meta({ secret: true }).describe('Secret of TARGET_S3_ACCESS_KEY_ID.'),
    TARGET_S3_FORCE_PATH_STYLE: flag(true).describe('`endpoint/bucket/key`; false for `bucket.endpoint/key`.'),
    TARGET_S3_SSE: z
      .enum(['none', 'AES256', 'aws:kms'])
      .optional()
      .describe('Server-side encryption of what is copied. Default: AES256 in production, none elsewhere.'),
    TARGET_S3_KMS_KEY_ID: optionalText().describe('Key for TARGET_S3_SSE=aws:kms.'),
  },
  Backups: backupSettings,
  Secrets: {
    JWT_SECRET: secret().describe(
      'Signs access tokens; 32 characters or more. Absent outside production: made once and kept under DATA_DIR.',
    ),
    JWT_SECRET_PREVIOUS: secret().describe('The secret before, accepted until its tokens have expired.'),
    JWT_ISSUER: z.string().min(1).default('intellipost').describe('`iss` of access tokens.'),
    JWT_AUDIENCE: z.string().min(1).default('intellipost-product-store').describe('`aud` of access tokens.'),
    URL_SIGNING_SECRET: secret().describe('Signs URLs of the disk store. Default: derived from JWT_SECRET.'),
    URL_SIGNING_SECRET_PREVIOUS: secret().describe('The secret before, accepted until its URLs have expired.'),
    CREDENTIALS_KEY: secret().describe(
      'Encrypts what sellers’ MercadoLibre accounts are reached with; 32 characters or more, at random (`openssl rand -base64 32`). Absent outside production: made once and kept under DATA_DIR.',
    ),
    CREDENTIALS_KEY_FILE: optionalText().describe(
      'A file with that key in its first line instead, and with earlier ones in the lines below.',
    ),
    CREDENTIALS_KEYS_PREVIOUS: secretList().describe(
      'The keys before, separated by commas (so none may have one in it): what they encrypted can still be read, until `bun run cli credentials rotate` has left none of it.',
    ),
    ACCESS_TOKEN_TTL_SECONDS: seconds(900, 10, 86400).describe('Life of an access token.'),
    REFRESH_TOKEN_TTL_SECONDS: seconds(2592000, 60, 31536000).describe('Life of a refresh token.'),
    REGISTRATION_ENABLED: flag(true).describe('False: only `bun run cli user create` makes accounts.'),
    LOGIN_FREE_FAILURES: optionalWhole(1, 1000).describe(
      'So many wrong passwords of one address for one email cost nothing; then it waits a second, and twice as long after each further one. Who has had a session from there waits for nothing but a wrong password. Default: 10 in production, 100 elsewhere.',
    ),
    LOGIN_LONGEST_WAIT_SECONDS: seconds(900, 1, 86400).describe('The longest such wait.'),
    LOGIN_ACCOUNT_FAILURES: whole(100, 1, 1_000_000).describe(
      'From so many wrong passwords for one email on, none an hour after the one before, every address waits a minute after its first.',
    ),
    URL_TTL_SECONDS: seconds(900, 60, 3600).describe(
      'Least life of a signed URL where the request names none; it is up to half as long again.',
    ),
  },
  Uploads: {
    MAX_IMAGE_BYTES: bytes(10 * 1024 * 1024).describe('Largest file, in bytes.'),
    MAX_UPLOAD_BYTES: bytes(50 * 1024 * 1024).describe('Largest request, in bytes.'),
    MAX_IMAGES: whole(8, 1, 100).describe('Most images of a product.'),
    MIN_IMAGE_WIDTH: whole(800, 1, 65535).describe('Least width, in pixels.'),
    MIN_IMAGE_HEIGHT: whole(600, 1, 65535).describe('Least height, in pixels.'),
    MAX_IMAGE_PIXELS: whole(50_000_000, 1, 1_000_000_000).describe('Most pixels of one image, width × height.'),
    MIN_UPLOAD_BYTES_PER_SECOND: whole(16 * 1024, 0, 1_000_000_000).describe(
      'A body slower than this after 10 s is refused with REQUEST_TIMEOUT.',
    ),
    UPLOAD_DEADLINE_SECONDS: seconds(3600, 10, 86400).describe('Longest time that one body may take.'),
    DIRECT_UPLOAD_TTL_SECONDS: seconds(86400, 60, 604800).describe(
      'How long a direct upload may take from its start to its completion; then nothing of it is left.',
    ),
    MAX_OPEN_DIRECT_UPLOADS: whole(20, 1, 100_000).describe(
      'Direct uploads of one seller that may be open at once; one more is refused with QUOTA_EXCEEDED.',
    ),
    MAX_DIRECT_UPLOAD_REPLACEMENTS: whole(40, 1, 10_000).describe(
      'How often photos of one direct upload may be announced anew, all together; then QUOTA_EXCEEDED.',
    ),
    PUT_URL_TTL_SECONDS: seconds(3600, 60, 86400).describe(
      'Life of the presigned PUTs of a direct upload; fresh ones can be asked for.',
    ),
    IDEMPOTENCY_TTL_SECONDS: seconds(86400, 60, 2592000).describe('How long an Idempotency-Key replays its answer.'),
  },
  Admission: admissionSettings,
  Work: {
    WORK_MAX_ATTEMPTS: whole(3, 1, 100).describe(
      'How many leases a product may be given in one phase; when the last one fails or expires, the product fails.',
    ),
    WORK_RETRY_BASE_SECONDS: seconds(10, 1, 3600).describe(
      'How long a product waits after the first retryable failure of its work; twice as long after each further one, an hour at most.',
    ),
  },
  Realtime: {
    UPLOAD_FOLLOW_SECONDS: seconds(5, 1, 300).describe(
      'How long a client may follow a product that is not there yet: its upload may be about to begin.',
    ),
    FOLLOWERS_PER_SELLER: whole(100, 1, 1_000_000).describe(
      'WebSockets and event streams that one account may have open at once, on this instance; one more is refused with RATE_LIMITED.',
    ),
    SLOW_CONSUMER_SECONDS: seconds(20, 1, 300).describe(
      'How long events wait for a client that does not read; then it is closed and told where to resume.',
    ),
  },
  'Preparing images': {
    PREPARE_CONCURRENCY: optionalWhole(0, 64).describe(
      'Images that this instance decodes at once, each in a process of its own with the lowest priority. 0: it leaves them to other instances. Default: half of the processors, at least 1.',
    ),
    PREPARE_TIMEOUT_SECONDS: seconds(60, 1, 3600).describe(
      'A decoder that takes longer over one image is ended; the image is tried again later.',
    ),
  },
  Maintenance: {
    INTENT_TTL_SECONDS: seconds(120, 10, 86400).describe(
      'An upload that has not renewed its intent for so long is taken for dead.',
    ),
    PUT_MAX_DURATION_SECONDS: seconds(3600, 1, 86400).describe(
      'How long after the expiry of its URL a PUT may still end; until then every sweep deletes what it brought. On S3 not below 900: so long a write of the server itself is valid.',
    ),
    SWEEP_CRON: cron('* * * * *').describe('When the sweep runs (cron, UTC), beside once at every start; `off` never.'),
    SCRUB_CRON: cron('17 * * * *').describe('When the scrub runs (cron, UTC); `off` never.'),
    SCRUB_BYTES_PER_RUN: whole(1024 ** 3, 1, 1024 ** 5).describe(
      'So much of the stored bytes one run of the scrub reads again, in bytes; the next one goes on from there.',
    ),
    AUDIT_CRON: cron('23 2 * * *').describe('When the audit runs (cron, UTC); `off` never.'),
    AUDIT_ACT: flag(false).describe(
      'The audit that runs by the clock moves objects without a row to quarantine; false: it reports them. Images that are missing or wrong are marked either way.',
    ),
    AUDIT_MIN_AGE_SECONDS: seconds(86400, 0, 31536000).describe(
      'The audit leaves objects alone that are younger, whatever they look like.',
    ),
    AUDIT_MAX_SHARE: share(0.01).describe(
      'Where more than this share of the objects have no row, or of the rows no right object, and it is more than AUDIT_BRAKE_MIN, the audit fails and touches nothing.',
    ),
    AUDIT_BRAKE_MIN: whole(100, 0, 1_000_000_000).describe(
      'So many objects the audit may move, and so many images call damaged, whatever their share.',
    ),
    AUDIT_SHA256_SHARE: share(0.001).describe(
      'Of how many objects on S3, as a share, the audit asks for the sha-256 that the store keeps; with --deep of all.',
    ),
    QUARANTINE_TTL_SECONDS: seconds(2592000, 0, 315360000).describe(
      'Objects that have been in quarantine for longer are deleted by retention; 0 keeps them.',
    ),
    RETENTION_CRON: cron('41 3 * * *').describe('When retention runs (cron, UTC); `off` never.'),
    RETENTION_FAILED_PRODUCTS_DAYS: whole(0, 0, 36500).describe(
      'Failed products that have not been touched for so many days are deleted with their images; 0 keeps them. Never one under legal hold.',
    ),
    RETENTION_HISTORY_DAYS: whole(0, 0, 36500).describe(
      'Changes of status older than so many days are forgotten; 0 keeps them. Never those of a product under legal hold.',
    ),
    RETENTION_EVENTS_DAYS: whole(30, 0, 36500).describe(
      'Events older than so many days are forgotten, and a client that comes back later is told to resync; 0 keeps them.',
    ),
    RETENTION_RUNS_DAYS: whole(30, 8, 36500).describe(
      'Records of the runs of sweep, audit, scrub and retention are kept for so many days, the last of each for ever; so are leases that came to nothing.',
    ),
    RETENTION_OPERATOR_AUDIT_DAYS: whole(0, 0, 36500).describe(
      'What operators did is forgotten after so many days, 90 at least; 0 keeps it.',
    ),
  },
} as const;
