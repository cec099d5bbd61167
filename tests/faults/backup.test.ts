import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { photo } from '../support/photos';
import { filesOf, type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller, type SellerClient } from '../support/seller-client';

// Processes that make or prune backups, killed at work: what they leave, and that the next one heals it.

const CLI = resolve(import.meta.dir, '../../src/cli.ts');
const PHOTOS = 48;
const EACH = 8;
const IN_TWO_DAYS = ['--preload', resolve(import.meta.dir, '../support/in-two-days.ts')];
/** Of the dead: the shortest that may be, in seconds. */
const LEASE = '5';

let kit: RecoveryKit;
let seller: SellerClient;
let server: Awaited<ReturnType<RecoveryKit['start']>>;
let seeds = 0;

beforeAll(async () => {
  kit = await recoveryKit({}, { BACKUP_LEASE_SECONDS: LEASE, BACKUP_CONCURRENCY: '1' });
  server = await kit.start();
  seller = await aSeller(server);
  for (let n = 0; n < PHOTOS / EACH; n += 1) await aProduct(EACH);
}, 120_000);
afterAll(() => kit.stop());

async function aProduct(photos: number): Promise<string> {
  const bytes = await Promise.all(Array.from({ length: photos }, () => photo({ seed: ++seeds })));
  return ((await (await seller.upload(bytes)).json()) as { id: string }).id;
}

function started(words: readonly string[], through: readonly string[]) {
  return Bun.spawn([process.execPath, ...through, CLI, ...words], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...kit.environment() },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Runs the command in a process of its own, and kills it as soon as it is seen to have come so far. */
async function killed(
  words: readonly string[],
  hasComeSoFar: () => Promise<boolean>,
  through: readonly string[] = [],
): Promise<void> {
  const child = started(words, through);
  while (child.exitCode === null && !(await hasComeSoFar())) await Bun.sleep(1);
  child.kill('SIGKILL');
  await child.exited;
  expect(child.signalCode).toBe('SIGKILL');
}

/** As soon as the dead one's lease is over, and the database knows that its connection is. */
async function onceItMay<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!/the target is in use|is running/.test(String(error))) throw error;
      await Bun.sleep(250);
    }
  }
}

const blobs = () => filesOf(kit.backups, '/intellipost-backups/objects/');
const backups = () => filesOf(kit.backups, '/intellipost-backups/backups/');
const folders = async () =>
  [...new Set((await backups()).map((file) => file.split('/intellipost-backups/backups/')[1]?.split('/')[0]))].sort();
const listed = async () =>
  (await kit.cli(['backup', 'list', '--json'])).map((line) => JSON.parse(line) as { id: string });
const held = async () => (await kit.keys()).filter((key) => key.startsWith('held/'));

/** By a process of its own, two days later. */
async function prune(): Promise<void> {
  const child = started(['backup', 'prune'], IN_TWO_DAYS);
  const says = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(says);
}

describe('a backup that is killed', () => {
  test('leaves none, keeps nobody away for longer than its lease, and the next one sends what is missing', async () => {
    await killed(['backup', 'create'], async () => (await blobs()).length > 2);
    const sent = (await blobs()).length;
    expect(sent).toBeLessThan(PHOTOS);
    expect(await listed()).toEqual([]);
    await expect(kit.cli(['backup', 'restore'])).rejects.toThrow('the target holds no backup');

    // what it held on to is let go, too
    const { backup, counts } = await onceItMay(() =>
      kit.told<{ backup: string; counts: Record<string, number> }>(['backup', 'create']),
    );
    expect(counts).toMatchObject({ objects: PHOTOS, objects_sent: PHOTOS - sent, objects_absent: 0 });
    expect(await kit.told(['backup', 'verify'])).toMatchObject({ outcome: 'ok', counts: { objects_read: PHOTOS } });
    await kit.cli(['sweep']);
    expect([await kit.sql('select 1 from backup_pins'), await held()]).toEqual([[], []]);
    expect((await folders()).length).toBe(2);
    await prune();
    expect(await folders()).toEqual([backup]);
  }, 120_000);
});

describe('a prune that is killed', () => {
  test('leaves whole backups alone, and the next one ends its work', async () => {
    const products = await kit.sql<{ id: string }>('select id from products');
    for (const { id } of products) expect((await seller.call('DELETE', `/api/products/${id}`)).status).toBe(204);
    await server.container.storage.drainer.idle();
    const old = (await folders())[0];
    await aProduct(EACH);
    const { backup } = await kit.told<{ backup: string }>(['backup', 'create']);
    // the newest verified one is kept: that is to be this one
    await kit.cli(['backup', 'verify']);
    const isHalfGone = async () => !(await backups()).some((file) => file.endsWith(`${old}/manifest`));
    await killed(['backup', 'prune'], isHalfGone, IN_TWO_DAYS);
    expect((await blobs()).length).toBeGreaterThan(EACH);
    expect((await listed()).map(({ id }) => id)).toEqual([backup]);
    expect(await kit.told(['backup', 'verify'])).toMatchObject({ outcome: 'ok', counts: { objects_read: EACH } });
    await onceItMay(prune);
    expect([await folders(), (await blobs()).length]).toEqual([[backup], EACH]);
    expect(await kit.told(['backup', 'verify'])).toMatchObject({ outcome: 'ok' });
  }, 120_000);
});
