import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Seller } from '../../src/kernel/principal';
import { DecoderUnavailable, DecodeTimeout } from '../../src/modules/processing/domain/prepare/image-decoder';
import { DecoderPool } from '../../src/modules/processing/infrastructure/prepare/decoder-pool';
import { photo } from '../support/photos';
import { type PrepareKit, prepareKit } from '../support/prepare-kit';
import { until } from '../support/server';

const MORTAL = join(import.meta.dir, '../support/mortal-decoder.ts');
const decoders = { size: 1, timeoutSeconds: 30, maxPixels: 50_000_000, script: MORTAL };

let kit: PrepareKit;
let seller: Seller;
let folder: string;
beforeAll(async () => {
  kit = await prepareKit();
  seller = await kit.seller();
  folder = await mkdtemp(join(tmpdir(), 'test-decoders-'));
});
afterAll(async () => {
  await kit.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A photo that does this to its decoder the first so many times. */
async function photoThat(
  does: 'dies' | 'hangs',
  times: number,
  name: string,
): Promise<{ photo: Buffer; seen(): Promise<number> }> {
  const file = join(folder, name);
  const bytes = Buffer.concat([await photo(), Buffer.from(`<<${does}:${times}:${file}>>`)]);
  return { photo: bytes, seen: async () => (await readFile(file).catch(() => '')).length };
}

test('a photo that ends three decoders, each alone, fails its product and no other', async () => {
  const { prepareProduct } = kit.with({ decoders });
  const deadly = await photoThat('dies', 1000, 'always');
  const [other, bad] = [
    await kit.upload(seller, [await photo({ seed: 7 })]),
    await kit.upload(seller, [await photo(), deadly.photo]),
  ];
  await Promise.all([prepareProduct(bad), prepareProduct(other)]);
  const [image] = await kit.db.sql<{ id: string }>(
    'select id from product_images where product_id = $1 and position = 1',
    [bad],
  );
  expect(await kit.statusOf(bad)).toEqual({
    status: 'failed',
    failed_from: 'uploading',
    processing_error: `Image 2 (${image!.id}) cannot be decoded: it ends the decoder`,
  });
  const [event] = await kit.db.sql<{ data: object }>(
    "select data from product_events where product_id = $1 and type = 'error'",
    [bad],
  );
  expect(event!.data).toMatchObject({ error_type: 'INVALID_IMAGE', retry_available: false });
  expect((await kit.statusOf(other)).status).toBe('processing');
  // a death in a process that had decoded the other photo before was not counted
  expect([3, 4]).toContain(await deadly.seen());
  expect(kit.failures).toContain('died');
});

test('a photo whose decoder dies once is decoded by the next', async () => {
  const { prepareProduct } = kit.with({ decoders });
  const once = await photoThat('dies', 1, 'once');
  const id = await kit.upload(seller, [once.photo]);
  await prepareProduct(id);
  expect([(await kit.statusOf(id)).status, await once.seen()]).toEqual(['processing', 2]);
});

test('a death in a process that had decoded others before is no verdict', async () => {
  const { prepareProduct } = kit.with({ decoders });
  await prepareProduct(await kit.upload(seller, [await photo({ seed: 8 })]));
  const thrice = await photoThat('dies', 3, 'used');
  const id = await kit.upload(seller, [thrice.photo]);
  await prepareProduct(id);
  expect([(await kit.statusOf(id)).status, await thrice.seen()]).toEqual(['processing', 4]);
});

test('a photo that takes too long is tried again and fails nothing', async () => {
  const slow = await photoThat('hangs', 1, 'slow');
  const { prepareProduct } = kit.with({ decoders: { ...decoders, timeoutSeconds: 3 } });
  const id = await kit.upload(seller, [slow.photo]);
  await expect(prepareProduct(id)).rejects.toBeInstanceOf(DecodeTimeout);
  expect((await kit.statusOf(id)).status).toBe('uploading');
  await prepareProduct(id);
  expect((await kit.statusOf(id)).status).toBe('processing');
  expect(kit.failures).toContain('timeout');
});

test('where no decoder starts, nothing fails', async () => {
  const script = join(folder, 'broken.ts');
  await Bun.write(script, 'process.exit(3)');
  const { prepareProduct } = kit.with({ decoders: { ...decoders, script } });
  const id = await kit.upload(seller, [await photo()]);
  for (let time = 0; time < 4; time += 1) await expect(prepareProduct(id)).rejects.toBeInstanceOf(DecoderUnavailable);
  expect((await kit.statusOf(id)).status).toBe('uploading');
});

test('a shutdown in the middle of an image is no verdict, and leaves no process', async () => {
  const slow = await photoThat('hangs', 1, 'shutdown');
  const { prepareProduct, stop } = kit.with({ decoders });
  const id = await kit.upload(seller, [slow.photo]);
  const preparing = prepareProduct(id).catch((error) => error);
  await until(async () => (await slow.seen()) > 0, 'the decoder has begun');
  stop();
  expect(await preparing).toBeInstanceOf(DecoderUnavailable);
  expect((await kit.statusOf(id)).status).toBe('uploading');
  expect((await kit.variantsOf(id)).length).toBe(0);
  expect(await kit.temporaryFiles()).toEqual([]);
});

test('a decoder has the lowest priority, goes first where memory runs out, has no secrets, and is ended when it has nothing to do', async () => {
  process.env.TEST_OF_SECRETS = 'a secret of the server';
  const pool = new DecoderPool({ size: 1, timeoutMs: 30_000, maxPixels: 50_000_000, idleMs: 500, script: await spy() });
  const original = join(folder, 'spied.jpg');
  await Bun.write(original, await photo());
  await pool.decode({ original, variants: { thumb: join(folder, 't'), model: join(folder, 'm') } }, false);
  const { pid, env, nice, oom } = await Bun.file(join(folder, 'spied.json')).json();
  expect(nice).toBe(19);
  expect(oom).toBe(process.platform === 'linux' ? 1000 : null);
  expect(JSON.stringify(env)).not.toContain('a secret of the server');
  expect(pool.processes).toBe(1);
  await until(() => !isAlive(pid), 'the idle process has ended');
  expect(pool.processes).toBe(0);
  delete process.env.TEST_OF_SECRETS;
});

test('decoders end with a server that is killed', async () => {
  const source = join(import.meta.dir, '../../src/modules/processing/infrastructure/prepare/decoder-process.ts');
  const program = `
    const { DecoderProcess } = await import(${JSON.stringify(source)});
    const decoder = new DecoderProcess({ maxPixels: 1, timeoutMs: 1000 });
    await decoder.decode({ original: '/dev/null', variants: { thumb: '/dev/null', model: '/dev/null' } });
    console.log(decoder.pid);
    setInterval(() => undefined, 1000);`;
  const server = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' });
  const { value } = await server.stdout.getReader().read();
  const pid = Number(Buffer.from(value!).toString());
  expect(isAlive(pid)).toBe(true);
  server.kill('SIGKILL');
  await until(() => !isAlive(pid), 'the decoder has ended, too');
});

/** The real decoder, which writes down what it was given. */
async function spy(): Promise<string> {
  const script = join(folder, 'spy.ts');
  const child = join(import.meta.dir, '../../src/modules/processing/infrastructure/prepare/decoder-child.ts');
  const said = join(folder, 'spied.json');
  await Bun.write(
    script,
    `import { readFile } from 'node:fs/promises';
    import { getPriority } from 'node:os';
    await import(${JSON.stringify(child)});
    const oom = await readFile('/proc/self/oom_score_adj', 'utf8').then(Number, () => null);
    await Bun.write(${JSON.stringify(said)}, JSON.stringify({ pid: process.pid, env: process.env, nice: getPriority(), oom }));`,
  );
  return script;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(require('node:fs').readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
