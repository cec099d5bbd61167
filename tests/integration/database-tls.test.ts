import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod, chown, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, useEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres';
import { embeddedHome } from '../../src/platform/database/embedded/home';
import { postgresUser } from '../../src/platform/database/embedded/system-user';
import { migrate } from '../../src/platform/database/migrate';
import { provideDatabase } from '../../src/platform/database/provide-database';
import { type IssuedCertificate, type TestAuthority, testAuthority } from '../support/certificates';
import { openTestDatabase } from '../support/postgres';

let folder: string;
let authority: TestAuthority;
let cluster: EmbeddedPostgres;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-database-tls-'));
  authority = await testAuthority();
  // this name alone: by its address it is not the server that the certificate speaks of
  const { certFile, keyFile } = await readableByPostgres(await authority.issue('postgres', 'DNS:localhost'));
  const flags = ['-c fsync=off', '-c ssl=on', `-c ssl_cert_file=${certFile}`, `-c ssl_key_file=${keyFile}`];
  cluster = await useEmbeddedPostgres(folder, flags);
});
afterAll(async () => {
  await cluster.release();
  await rm((await embeddedHome(folder)).folder, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

/** PostgreSQL refuses a key that others may read, or that is neither its own nor root's. */
async function readableByPostgres({ certFile, keyFile }: IssuedCertificate): Promise<IssuedCertificate> {
  await chmod(folder, 0o755);
  const own = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  await copyFile(certFile, own.certFile);
  await copyFile(keyFile, own.keyFile);
  await chmod(own.keyFile, 0o600);
  const user = postgresUser();
  if (user) for (const file of [own.certFile, own.keyFile]) await chown(file, user.uid, user.gid);
  return own;
}

function verified(url: string, host = 'localhost'): string {
  const at = new URL(url);
  at.hostname = host;
  at.searchParams.set('sslmode', 'verify-full');
  return at.href;
}

const HOW = 'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()';

/** As the server would reach it. @returns what PostgreSQL says of the connection */
async function reached(DATABASE_URL: string, DATABASE_CA_FILE?: string): Promise<unknown> {
  const { url } = await provideDatabase({ DATA_DIR: folder, DATABASE_URL, DATABASE_CA_FILE });
  const database = openTestDatabase(url);
  try {
    const connection = await database.connect();
    // the application's role may not see it
    await connection.query('set role none');
    const { rows } = await connection.query(HOW);
    connection.release(true);
    return rows[0];
  } finally {
    await database.close();
  }
}

describe('sslmode=verify-full', () => {
  test('reaches the server whose certificate is of the authority named: to migrate, to work, and to listen', async () => {
    const urls = await provideDatabase({
      DATA_DIR: folder,
      DATABASE_URL: verified(cluster.url),
      MIGRATION_DATABASE_URL: verified(cluster.ownerUrl),
      DATABASE_CA_FILE: authority.caFile,
    });
    await migrate(urls.ownerUrl);
    expect(await reached(verified(cluster.url), authority.caFile)).toEqual({ ssl: true, version: 'TLSv1.3' });
    const database = openTestDatabase(urls.url);
    const listener = database.dedicated('test');
    await listener.connect();
    await listener.query('set role none');
    const { rows } = await listener.query(HOW);
    expect(rows).toEqual([{ ssl: true, version: 'TLSv1.3' }]);
    await listener.end();
    await database.close();
  });

  test('refuses a server of another authority', async () => {
    const other = await testAuthority('another');
    await expect(reached(verified(cluster.url), other.caFile)).rejects.toThrow(/certificate|self.signed|issuer/i);
    await expect(reached(verified(cluster.url))).rejects.toThrow(/certificate|self.signed|issuer/i);
  });

  test('refuses a server of another name', async () => {
    await expect(reached(verified(cluster.url, '127.0.0.1'), authority.caFile)).rejects.toThrow(/altname|IP|host/i);
  });

  test('refuses a server that speaks no TLS', async () => {
    const plain = await mkdtemp(join(tmpdir(), 'test-database-plain-'));
    const without = await useEmbeddedPostgres(plain, ['-c fsync=off']);
    await expect(reached(verified(without.url), authority.caFile)).rejects.toThrow(/SSL/);
    await without.release();
    await rm((await embeddedHome(plain)).folder, { recursive: true, force: true });
    await rm(plain, { recursive: true, force: true });
  });
});
