export type S3ServerKind = 'minio' | 'versitygw';

/** A running S3-compatible server with its root keys. */
export interface S3Server {
  readonly kind: S3ServerKind;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Whether it encrypts at rest when asked to (MinIO with a KMS key). */
  readonly encrypts: boolean;
  /** Removes at once what the server has set aside of deleted objects, which it does itself within minutes; absent where it can't be reached. */
  readonly emptyTrash?: () => Promise<void>;
}

/** Root keys of the servers that are started here. */
export const TEST_KEYS = { accessKeyId: 'test-root', secretAccessKey: 'test-root-secret' };

/** How each server is run, in a container or as a binary. */
export const S3_SERVERS = {
  minio: {
    image: 'minio/minio:RELEASE.2025-09-07T16-13-09Z',
    port: 9000,
    // every port of the image: testcontainers waits until each is bound
    exposed: [9000, 9001],
    command: (data: string, port: number) => ['server', data, '--address', `:${port}`],
    health: '/minio/health/live',
    environment: {
      MINIO_ROOT_USER: TEST_KEYS.accessKeyId,
      MINIO_ROOT_PASSWORD: TEST_KEYS.secretAccessKey,
      // without a key it refuses x-amz-server-side-encryption
      MINIO_KMS_SECRET_KEY: `test-key:${Buffer.alloc(32, 7).toString('base64')}`,
    },
    encrypts: true,
    trash: '.minio.sys/tmp/.trash',
  },
  versitygw: {
    image: 'versity/versitygw:v1.8.0',
    port: 7070,
    exposed: [7070],
    command: (data: string, port: number) => ['--quiet', '--health', '/health', '--port', `:${port}`, 'posix', data],
    health: '/health',
    environment: { ROOT_ACCESS_KEY: TEST_KEYS.accessKeyId, ROOT_SECRET_KEY: TEST_KEYS.secretAccessKey },
    encrypts: false,
    trash: null,
  },
} as const;
