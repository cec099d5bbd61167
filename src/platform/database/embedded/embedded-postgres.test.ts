import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, rename, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '../../../../tests/support/server';
import { type EmbeddedPostgres, useEmbeddedPostgres } from './embedded-postgres';
import { embeddedHome } from './home';

async function ask<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  let folder: string;
  let first: EmbeddedPostgres;
  const unsafe = ['-c fsync=off'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'embedded-'));
    first = await useEmbeddedPostgres(folder, unsafe);
  });
  afterAll(async () => {
    await first.release();
    await rm((await embeddedHome(folder)).folder, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  });

  test('keeps its password where nobody else reads it', async () => {
    const { folder: home } = await embeddedHome(folder);
    expect((await stat(join(home, 'password'))).mode & 0o777).toBe(0o600);
  });

  test('lets the owner make tables, and the application make none', async () => {
    await ask(first.ownerUrl, 'create table kept (word text)');
    const refused = await ask(first.url, 'create table planted ()').then(
      () => 'made',
      (error: { code: string }) => error.code,
    );
    expect(refused).toBe('42501');
  });

  test('is joined by a second user, and lives until the last one has let go', async () => {
    const second = await useEmbeddedPostgres(folder, unsafe);
    expect(second.url).toBe(first.url);
    await first.release();
    expect(await ask<{ one: number }>(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.release();
    expect(ask(second.url, 'select 1')).rejects.toThrow();
    first = await useEmbeddedPostgres(folder, unsafe);
  });

  test('finds its data again after a stop', async () => {
    await ask(first.ownerUrl, `insert into kept values ('this')`);
    await first.release();
    first = await useEmbeddedPostgres(folder, unsafe);
    expect(await ask<{ word: string }>(first.ownerUrl, 'select word from kept')).toEqual([{ word: 'this' }]);
  });

  test.each(['initialised', 'password'])('is not made anew where its file `%s` can’t be read', async (name) => {
    const { folder: home } = await embeddedHome(folder);
    await ask(first.ownerUrl, `insert into kept values ('still')`);
    await first.release();
    await rename(join(home, name), join(home, 'aside'));
    await mkdir(join(home, name)); // reading it fails, for root too
    expect(await useEmbeddedPostgres(folder, unsafe).catch((error: Error) => error.message)).toContain('EISDIR');
    await rmdir(join(home, name));
    await rename(join(home, 'aside'), join(home, name));
    first = await useEmbeddedPostgres(folder, unsafe);
    expect(await ask<{ word: string }>(first.ownerUrl, 'select word from kept')).toContainEqual({ word: 'still' });
  });

  test('is started again where it has ended by itself, at the place that its users know', async () => {
    const { folder: home } = await embeddedHome(folder);
    const pid = Number((await Bun.file(join(home, 'cluster/postmaster.pid')).text()).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    await until(
      () =>
        ask(first.url, 'select 1').then(
          () => true,
          () => false,
        ),
      'an answer of the database',
      30_000,
    );
    expect(await ask<{ word: string }>(first.ownerUrl, 'select word from kept')).toContainEqual({ word: 'this' });
  }, 40_000);

  test('that has ended by itself can be let go of', async () => {
    const { folder: home } = await embeddedHome(folder);
    const pid = Number((await Bun.file(join(home, 'cluster/postmaster.pid')).text()).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    await first.release();
    first = await useEmbeddedPostgres(folder, unsafe);
    expect(await ask<{ one: number }>(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  }, 40_000);

  test('says why it does not start', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'embedded-'));
    const start = useEmbeddedPostgres(broken, ['-c no_such_setting=1']);
    const error = await start.catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('pg_ctl ended with 1');
    await rm((await embeddedHome(broken)).folder, { recursive: true, force: true });
    await rm(broken, { recursive: true, force: true });
  });
});
