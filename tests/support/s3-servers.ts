import { s3ServerByBinary } from './s3-server-binary';
import { s3ServerByContainer } from './s3-server-container';
import { type S3Server, type S3ServerKind, TEST_KEYS } from './s3-server-kinds';

// on the global object: a test runner may load this module once for each file, but there is one process
const running: Partial<Record<S3ServerKind, Promise<S3Server | null>>> = Object.assign(globalThis, {
  s3ServersOfTests: (globalThis as { s3ServersOfTests?: object }).s3ServersOfTests ?? {},
}).s3ServersOfTests;

/**
 * The one server of its kind for this test process, started when first asked for, ended with the process.
 * From TEST_S3_ENDPOINT, else Docker, else a binary on PATH or in `.cache/bin`.
 * @returns null where there is none, after saying so; with CI=true that is an error
 */
export function s3Server(kind: S3ServerKind): Promise<S3Server | null> {
  running[kind] ??= find(kind);
  return running[kind];
}

async function find(kind: S3ServerKind): Promise<S3Server | null> {
  const server = s3ServerGiven(kind) ?? (await s3ServerByContainer(kind)) ?? (await s3ServerByBinary(kind));
  if (server) return server;
  const message = `not proven here: the object store on ${kind} (no TEST_S3_ENDPOINT, no Docker, no ${kind} on PATH or in .cache/bin)`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(message);
  return null;
}

/** TEST_S3_KIND says which kind answers at TEST_S3_ENDPOINT; by default MinIO. */
function s3ServerGiven(kind: S3ServerKind): S3Server | null {
  const {
    TEST_S3_ENDPOINT: endpoint,
    TEST_S3_KIND: given = 'minio',
    TEST_S3_REGION: region = 'us-east-1',
  } = process.env;
  if (!endpoint || given !== kind) return null;
  const accessKeyId = process.env.TEST_S3_ACCESS_KEY_ID ?? TEST_KEYS.accessKeyId;
  const secretAccessKey = process.env.TEST_S3_SECRET_ACCESS_KEY ?? TEST_KEYS.secretAccessKey;
  return { kind, endpoint, region, accessKeyId, secretAccessKey, encrypts: process.env.TEST_S3_SSE === 'true' };
}
