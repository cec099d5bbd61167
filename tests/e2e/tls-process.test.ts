import { afterAll, beforeAll, expect, test } from 'bun:test';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IssuedCertificate, type TestAuthority, testAuthority } from '../support/certificates';
import { emptyDatabase } from '../support/postgres';
import { until } from '../support/server';
import { failedStart, startServerProcess } from '../support/server-process';
import { tlsConnection } from '../support/tls-connection';

let authority: TestAuthority;
let first: IssuedCertificate;
let dataDir: string;
beforeAll(async () => {
  authority = await testAuthority();
  first = await authority.issue('first');
  dataDir = await mkdtemp(join(tmpdir(), 'test-tls-process-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

test('a start with a certificate that can’t be used says which file and what is the matter', async () => {
  const DATA_DIR = dataDir;
  const other = await authority.issue('other');
  const missing = await failedStart({ DATA_DIR, TLS_CERT_FILE: '/nowhere.pem', TLS_KEY_FILE: first.keyFile });
  expect([missing.exitCode, missing.stderr]).toEqual([1, "TLS_CERT_FILE: /nowhere.pem can't be read (ENOENT)\n"]);
  const mixed = await failedStart({ DATA_DIR, TLS_CERT_FILE: first.certFile, TLS_KEY_FILE: other.keyFile });
  expect([mixed.exitCode, mixed.stderr]).toEqual([
    1,
    expect.stringContaining('is not the key of the first certificate'),
  ]);
});

test('a process serves what it is told to by SIGHUP, and its banner can be pasted', async () => {
  const [TLS_CERT_FILE, TLS_KEY_FILE] = [join(dataDir, 'cert.pem'), join(dataDir, 'key.pem')];
  const install = async ({ certFile, keyFile }: IssuedCertificate) => {
    await copyFile(certFile, TLS_CERT_FILE);
    await copyFile(keyFile, TLS_KEY_FILE);
  };
  await install(first);
  const database = await emptyDatabase();
  const server = await startServerProcess({
    DATA_DIR: dataDir,
    DATABASE_URL: database.url,
    TLS_CERT_FILE,
    TLS_KEY_FILE,
  });
  const shown = async () => {
    const connection = await tlsConnection(server.port, authority.ca);
    connection.close();
    return connection.commonName;
  };
  expect(server.url).toStartWith('https://');
  const uploading = server.output.stdout.split('\n').filter((line) => line.includes('/api/products'));
  expect(uploading.join()).toContain(`https://127.0.0.1:${server.port}/api/products`);
  expect(await shown()).toBe('first');
  await install(await authority.issue('second'));
  server.hangUp();
  await until(async () => (await shown()) === 'second', 'the second certificate');
  expect(server.output.stdout).toContain('a renewed certificate is served');
  expect(await server.end('SIGTERM')).toBe(0);
  await database.drop();
});
