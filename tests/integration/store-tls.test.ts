import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestAuthority, testAuthority } from '../support/certificates';
import { type TestDatabase, testDatabase } from '../support/postgres';
import type { S3Server } from '../support/s3-server-kinds';
import { s3Server } from '../support/s3-servers';
import { ON_A_FREE_PORT, s3Environment } from '../support/server';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy';

const CLI = resolve(import.meta.dir, '../../src/cli.ts');
const minio = await s3Server('minio');

describe.skipIf(!minio)('a store behind TLS of an authority of our own', () => {
  let authority: TestAuthority;
  let proxy: TlsProxy;
  let db: TestDatabase;
  let dataDir: string;

  beforeAll(async () => {
    authority = await testAuthority();
    proxy = await startTlsProxy((minio as S3Server).endpoint, await authority.issue('store', 'DNS:localhost'));
    db = await testDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'test-store-tls-'));
  });
  afterAll(async () => {
    await proxy?.stop();
    await db?.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** `cli store check`: it puts, gets, heads, copies, lists and deletes, by fetch and by the SDK, and follows signed URLs. */
  async function check(host: string, caFile?: string): Promise<{ code: number; says: string }> {
    const child = Bun.spawn([process.execPath, CLI, 'store', 'check'], {
      cwd: dataDir,
      env: {
        PATH: process.env.PATH ?? '',
        ...ON_A_FREE_PORT,
        ...s3Environment(minio as S3Server, `https://${host}:${proxy.port}`),
        DATABASE_URL: db.url,
        DATA_DIR: dataDir,
        S3_RETRIES: '0',
        ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }),
      },
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { code: await child.exited, says: out + err };
  }

  test('is worked with where NODE_EXTRA_CA_CERTS names that authority', async () => {
    expect(await check('localhost', authority.caFile)).toEqual({ code: 0, says: expect.any(String) });
  });

  test('is refused without it, with another one, and under a name that the certificate does not have', async () => {
    const other = await testAuthority('another');
    for (const [host, caFile] of [
      ['localhost', undefined],
      ['localhost', other.caFile],
      ['127.0.0.1', authority.caFile],
    ] as const) {
      const { code, says } = await check(host, caFile);
      expect([code === 0, says]).toEqual([false, expect.not.stringContaining('ok')]);
    }
  });
});
