import { describe, expect, test } from 'bun:test';
import { ConfigError, loadSettings } from './load';

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://app:pw@db/store?sslmode=verify-full',
  S3_BUCKET_NAME: 'images',
  S3_ENDPOINT_URL: 'https://s3.example',
  JWT_SECRET: 'a'.repeat(32),
  CREDENTIALS_KEY: 'b'.repeat(32),
  TRUSTED_PROXIES: '10.0.0.0/8',
};

/** What production wants of backups, each of the two where the other is looked at. */
const IDENTITY = {
  BACKUP_ENCRYPTION_IDENTITY: 'AGE-SECRET-KEY-1TPFZ8EL0QQYG5VEY9HY3VZEJZR6Y68JMH7C0JVT5Z9KKD7X4NZQQSVW6Z8',
};
const DRILLS = { BACKUP_DRILL_BUCKET_NAME: 'drills' };

describe('the configuration', () => {
  test('starts with defaults when nothing is set, and takes an empty variable for absent', () => {
    const loaded = loadSettings({ PORT: '', DATABASE_URL: '' });
    expect(loaded.PORT).toBe(3000);
    expect(loaded.DATA_DIR).toBe('./data');
    expect(loaded.DATABASE_URL).toBeUndefined();
    expect(loaded.MAX_IMAGE_BYTES).toBe(10_485_760);
  });

  test('names all wrong variables at once, what each got and what it may be', () => {
    const problems = problemsOf({
      PORT: 'eighty',
      MAX_IMAGES: '0',
      S3_ENDPOINT_URL: 'localhost:9000',
      CORS_ORIGINS: '*',
    });
    expect(problems).toEqual([
      'PORT: got "eighty"; it may be a whole number from 0 to 65535',
      'S3_ENDPOINT_URL: got "localhost:9000"; must be a URL that begins with http:// or https://, without credentials, query or fragment',
      'MAX_IMAGES: got "0"; it may be a whole number from 1 to 100',
    ]);
  });

  test('names what contradicts itself and what production refuses beside the wrong ones, as far as it can be told', () => {
    const { JWT_SECRET: _none, ...rest } = PRODUCTION;
    const wrong = { PORT: 'eighty', DATABASE_URL: 'mysql://db', MAX_UPLOAD_BYTES: 'many', TLS_KEY_FILE: '/key.pem' };
    expect(problemsOf({ ...rest, ...wrong })).toEqual([
      'PORT: got "eighty"; it may be a whole number from 0 to 65535',
      expect.stringMatching(/^DATABASE_URL: got a value that is not shown; must be a URL/),
      expect.stringMatching(/^MAX_UPLOAD_BYTES: got "many"; it may be a whole number/),
      'TLS_CERT_FILE and TLS_KEY_FILE: got nothing and "/key.pem"; set both or neither',
      'JWT_SECRET: got nothing; must be set in production',
    ]);
    expect(problemsOf({ NODE_ENV: 'prod' })).toHaveLength(1);
  });

  test.each(['hourly', '61 * * * *', 'x * * * *', ' ', 'OFF'])('refuses %p for a schedule', (cron) => {
    expect(problemsOf({ SWEEP_CRON: cron, BACKUP_DRILL_CRON: cron })).toEqual([
      expect.stringMatching(/^BACKUP_DRILL_CRON: got ".*"; must be a cron expression/),
      expect.stringMatching(/^SWEEP_CRON: got ".*"; must be a cron expression/),
    ]);
  });

  test.each(['off', '*/5 * * * *', '0 3 * * MON-FRI', '@hourly'])('takes %p for a schedule', (cron) => {
    expect(loadSettings({ SWEEP_CRON: cron }).SWEEP_CRON).toBe(cron);
  });

  test.each([
    'example.com',
    'https://shop.example/app',
    'https://shop.example:443',
    'https://*.shop.example',
    '*/',
    'https://shop.example,shop',
    'https://user@shop.example',
    'null',
  ])('refuses %p for the origins of pages, which no browser would send', (origins) => {
    expect(problemsOf({ CORS_ORIGINS: origins })).toEqual([
      expect.stringMatching(/^CORS_ORIGINS: got ".*"; must be origins such as/),
    ]);
  });

  test.each([
    ['*', ['*']],
    ['https://shop.example', ['https://shop.example']],
    ['https://Shop.example/, http://localhost:5173', ['https://shop.example', 'http://localhost:5173']],
    ['capacitor://localhost', ['capacitor://localhost']],
  ])('takes %p for the origins of pages, as browsers send them', (origins, sent) => {
    expect(loadSettings({ CORS_ORIGINS: origins }).CORS_ORIGINS).toEqual(sent);
  });

  const SERVERS = ['PUBLIC_URL', 'S3_ENDPOINT_URL', 'S3_PUBLIC_ENDPOINT_URL', 'CDN_BASE_URL'];
  const FURTHER_SERVERS = ['TARGET_S3_ENDPOINT_URL', 'BACKUP_S3_ENDPOINT_URL'];

  test.each([
    'images.example',
    'ftp://images.example',
    'https://',
    'https://images.example?v=1',
    'https://images.example?',
    'https://images.example/#',
    'https://key:word@images.example',
    'https://@images.example',
    ' https://images.example',
    'https://images.example ',
    'https://images.\texample',
    'https:/images.example',
    'https:\\\\images.example',
    'HTTPS://images.example',
  ])('refuses %p for the URL of a server, behind which paths are put', (url) => {
    for (const name of [...SERVERS, ...FURTHER_SERVERS]) {
      expect(problemsOf({ [name]: url })).toEqual([
        expect.stringMatching(
          new RegExp(`^${name}: got ".*"; must be a URL that begins with http:// or https://, without`),
        ),
      ]);
    }
  });

  test.each([
    ['https://images.example/', 'https://images.example'],
    ['http://localhost:9000', 'http://localhost:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['https://example.com/store/', 'https://example.com/store'],
  ])('takes %p for the URL of a server, without slashes at its end', (url, taken) => {
    for (const name of SERVERS) expect(loadSettings({ [name]: url })).toMatchObject({ [name]: taken });
  });

  test('never shows the value of a secret', () => {
    const [ofDatabase, ofServer] = ['mysql://root:hunter2@db/x', 'https://root:hunter2@images.example'];
    const problems = problemsOf({ JWT_SECRET: 'hunter2', DATABASE_URL: ofDatabase, PUBLIC_URL: ofServer });
    expect(problems).toHaveLength(3);
    expect(problems.join()).toContain('"https://…@images.example"');
    expect(problems.join()).not.toContain('hunter2');
  });

  test('refuses half a key pair and limits that contradict each other', () => {
    expect(problemsOf({ S3_ACCESS_KEY_ID: 'only-the-id', MAX_IMAGE_BYTES: '99999999' })).toEqual([
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: got a value that is not shown and nothing; set both or neither',
      'MAX_IMAGE_BYTES and MAX_UPLOAD_BYTES: got "99999999" and nothing, so 52428800; the first may be the second at most',
    ]);
    expect(problemsOf({ S3_SSE: 'aws:kms' })).toEqual([
      'S3_KMS_KEY_ID: got nothing; must be set when S3_SSE is aws:kms',
    ]);
  });

  test('refuses half a certificate, and an authority that nothing is verified by', () => {
    expect(problemsOf({ TLS_CERT_FILE: '/cert.pem' })).toEqual([
      'TLS_CERT_FILE and TLS_KEY_FILE: got "/cert.pem" and nothing; set both or neither',
    ]);
    const url = 'postgres://app@db/store?sslmode=require';
    expect(problemsOf({ DATABASE_CA_FILE: '/ca.pem', DATABASE_URL: url, MIGRATION_DATABASE_URL: url })).toHaveLength(2);
    expect(problemsOf({ DATABASE_CA_FILE: '/ca.pem', DATABASE_URL: url.replace('require', 'verify-full') })).toEqual(
      [],
    );
  });

  test('production accepts a safe configuration', () => {
    expect(problemsOf(PRODUCTION)).toEqual([]);
  });

  test.each([
    ['DISK_ENCRYPTED_AT_REST', { DATABASE_URL: '', ALLOW_EMBEDDED: 'true' }, 'DISK_ENCRYPTED_AT_REST'],
    ['DISK_ENCRYPTED_AT_REST', { S3_BUCKET_NAME: '', ALLOW_EMBEDDED: 'true' }, 'DISK_ENCRYPTED_AT_REST'],
    ['S3_SSE', { S3_SSE: 'none' }, 'DISK_ENCRYPTED_AT_REST'],
    ['TARGET_S3_SSE', { TARGET_S3_SSE: 'none' }, 'DISK_ENCRYPTED_AT_REST'],
    ['BACKUP_DRILL_BUCKET_NAME', { BACKUP_DIR: '/backups', ...IDENTITY }, 'DISK_ENCRYPTED_AT_REST'],
    ['BACKUP_DRILL_BUCKET_NAME', { BACKUP_S3_BUCKET_NAME: 'backups' }, 'DISK_ENCRYPTED_AT_REST'],
    ['BACKUP_ENCRYPTION_IDENTITY', { BACKUP_DIR: '/mnt/backups', ...DRILLS }, 'DISK_ENCRYPTED_AT_REST'],
    [
      'BACKUP_ENCRYPTION_IDENTITY',
      { BACKUP_S3_BUCKET_NAME: 'backups', BACKUP_S3_SSE: 'none', ...DRILLS },
      'DISK_ENCRYPTED_AT_REST',
    ],
    ['DATABASE_URL', { DATABASE_URL: '', DISK_ENCRYPTED_AT_REST: 'true' }, 'ALLOW_EMBEDDED'],
    ['S3_BUCKET_NAME', { S3_BUCKET_NAME: '', DISK_ENCRYPTED_AT_REST: 'true' }, 'ALLOW_EMBEDDED'],
    [
      'DATABASE_URL',
      { DATABASE_URL: 'postgres://app@db/x?sslmode=verify-full&sslmode=disable' },
      'ALLOW_PLAIN_DATABASE',
    ],
    ['TLS_CERT_FILE', { TRUSTED_PROXIES: '' }, 'ALLOW_PLAIN_HTTP'],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://shop.example' }, 'ALLOW_PLAIN_HTTP'],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://app@db/store' }, 'ALLOW_PLAIN_DATABASE'],
    ['MIGRATION_DATABASE_URL', { MIGRATION_DATABASE_URL: 'postgres://owner@db/store' }, 'ALLOW_PLAIN_DATABASE'],
    ['TARGET_S3_ENDPOINT_URL', { TARGET_S3_ENDPOINT_URL: 'http://minio:9000' }, 'ALLOW_PLAIN_S3'],
    ['CDN_BASE_URL', { CDN_BASE_URL: 'http://cdn.example' }, 'ALLOW_PLAIN_S3'],
    ['S3_PUBLIC_ENDPOINT_URL', { S3_PUBLIC_ENDPOINT_URL: 'http://minio:9000' }, 'ALLOW_PLAIN_S3'],
    ['S3_ENDPOINT_URL', { S3_ENDPOINT_URL: 'http://minio:9000' }, 'ALLOW_PLAIN_S3'],
  ])('production refuses %s %o unless %s says so', (variable, change, override) => {
    const problems = problemsOf({ ...PRODUCTION, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`${variable}: got `);
    expect(problemsOf({ ...PRODUCTION, ...change, [override]: 'true' })).toEqual([]);
  });

  test('production wants no bucket for drills where there are none', () => {
    const backedUp = { ...PRODUCTION, BACKUP_DIR: '/backups', ...IDENTITY };
    expect(problemsOf({ ...backedUp, BACKUP_DRILL_CRON: 'off' })).toEqual([]);
    expect(problemsOf({ ...backedUp, ...DRILLS })).toEqual([]);
  });

  test('production takes backups that something encrypts: they themselves, or the bucket', () => {
    const production = { ...PRODUCTION, ...DRILLS };
    expect(problemsOf({ ...production, BACKUP_DIR: '/mnt/backups', ...IDENTITY })).toEqual([]);
    const bucket = { BACKUP_S3_BUCKET_NAME: 'backups' };
    expect(problemsOf({ ...production, ...bucket })).toEqual([]);
    expect(problemsOf({ ...production, ...bucket, BACKUP_S3_SSE: 'none', ...IDENTITY })).toEqual([]);
    expect(problemsOf({ ...production, ...bucket, BACKUP_DIR: '/mnt/backups' })).toEqual([]);
  });

  test('production refuses a missing JWT_SECRET without any override', () => {
    expect(problemsOf({ ...PRODUCTION, JWT_SECRET: '', ALLOW_EMBEDDED: 'true' })).toEqual([
      'JWT_SECRET: got nothing; must be set in production',
    ]);
  });

  test('production refuses a missing key of credentials without any override; a file will do, both will not', () => {
    const without = { ...PRODUCTION, CREDENTIALS_KEY: '', ALLOW_EMBEDDED: 'true' };
    expect(problemsOf(without)).toEqual([
      'CREDENTIALS_KEY: got nothing; must be set in production (or CREDENTIALS_KEY_FILE)',
    ]);
    expect(problemsOf({ ...without, CREDENTIALS_KEY_FILE: '/run/secrets/key' })).toEqual([]);
    expect(problemsOf({ ...PRODUCTION, CREDENTIALS_KEY_FILE: '/run/secrets/key' })).toHaveLength(1);
  });

  test('refuses a previous key that is too short, and shows none', () => {
    const problems = problemsOf({ CREDENTIALS_KEYS_PREVIOUS: `${'c'.repeat(32)},hunter2` });
    expect(problems).toEqual([
      'CREDENTIALS_KEYS_PREVIOUS: got a value that is not shown; each must have 32 characters or more',
    ]);
  });
});

test('what drills empty is nobody’s but theirs', () => {
  const DATABASE_URL = 'postgres://app@db/intellipost';
  for (const wrong of [
    { DATABASE_URL, BACKUP_DRILL_DATABASE_URL: 'postgres://owner@db:5432/intellipost?sslmode=require' },
    { S3_BUCKET_NAME: 'images', BACKUP_DRILL_BUCKET_NAME: 'images' },
    { BACKUP_S3_BUCKET_NAME: 'backups', BACKUP_DRILL_BUCKET_NAME: 'backups' },
    { S3_BUCKET_NAME: 'images', S3_FORMER_BUCKET_NAMES: 'old,older', BACKUP_DRILL_BUCKET_NAME: 'older' },
    { S3_BUCKET_NAME: 'images', TARGET_S3_BUCKET_NAME: 'next', BACKUP_DRILL_BUCKET_NAME: 'next' },
  ])
    expect(() => loadSettings(wrong)).toThrow(/BACKUP_DRILL_[A-Z_]+: got .*; it is emptied by every drill/);
  loadSettings({ DATABASE_URL, BACKUP_DRILL_DATABASE_URL: 'postgres://owner@db/drills' });
});

test.each([
  [{}, {}],
  [{ S3_ENDPOINT_URL: 'https://s3.eu-west-1.amazonaws.com' }, {}],
  [{}, { BACKUP_S3_ENDPOINT_URL: 'https://s3.dualstack.eu-west-1.amazonaws.com/' }],
  [{ S3_ENDPOINT_URL: 'https://store.example' }, { BACKUP_S3_ENDPOINT_URL: 'https://store.example:443/' }],
])('backups are not kept in the bucket of the images, however its server is written: %o %o', (images, backups) => {
  const both = { S3_BUCKET_NAME: 'images', BACKUP_S3_BUCKET_NAME: 'images', ...images, ...backups };
  expect(problemsOf(both)).toEqual([
    'BACKUP_S3_BUCKET_NAME: got "images"; must be another bucket than that of the images',
  ]);
  expect(problemsOf({ ...both, BACKUP_S3_BUCKET_NAME: 'backups' })).toEqual([]);
  expect(problemsOf({ ...both, BACKUP_S3_ENDPOINT_URL: 'https://elsewhere.example' })).toEqual([]);
});

test('images are not moved to the bucket of the backups: what a migration ends with would be refused', () => {
  const both = { TARGET_S3_BUCKET_NAME: 'backups', BACKUP_S3_BUCKET_NAME: 'backups' };
  const server = {
    TARGET_S3_ENDPOINT_URL: 'https://store.example',
    BACKUP_S3_ENDPOINT_URL: 'https://store.example:443/',
  };
  for (const place of [both, { ...both, ...server }])
    expect(problemsOf(place)).toEqual([
      'TARGET_S3_BUCKET_NAME: got "backups"; must be another bucket than that of the backups',
    ]);
  expect(problemsOf({ ...both, TARGET_S3_ENDPOINT_URL: 'https://elsewhere.example' })).toEqual([]);
  expect(problemsOf({ ...both, TARGET_S3_BUCKET_NAME: 'images' })).toEqual([]);
});

test('backups are not kept where the data is', () => {
  const says = 'the first must not lie in the second, or whatever takes one of them takes both';
  for (const BACKUP_DIR of ['/srv/data', '/srv/data/', '/srv/data/backups', '/srv/other/../data/backups'])
    expect(problemsOf({ DATA_DIR: '/srv/data', BACKUP_DIR })).toEqual([
      `BACKUP_DIR and DATA_DIR: got "${BACKUP_DIR}" and "/srv/data"; ${says}`,
    ]);
  expect(problemsOf({ DATA_DIR: '/srv/data', BACKUP_DIR: '/srv/data-backups' })).toEqual([]);
  expect(problemsOf({ BACKUP_DIR: 'data/backups' })).toEqual([
    `BACKUP_DIR and DATA_DIR: got "data/backups" and nothing, so ./data; ${says}`,
  ]);
  expect(
    problemsOf({ DATA_DIR: '/srv/data', BACKUP_DIR: '/srv/data/backups', BACKUP_S3_BUCKET_NAME: 'backups' }),
  ).toEqual([]);
});
