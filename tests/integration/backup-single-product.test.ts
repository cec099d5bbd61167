import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { CommandFailed, FoundSomething, UsageError } from '../../src/cli/command';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { RunningServer } from '../../src/server';
import { photo } from '../support/photos';
import { type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { digestsByUrls } from '../support/restless-sellers';
import { aSeller, type SellerClient } from '../support/seller-client';

// Of a running system: one product that was deleted by mistake, and objects that the bucket has lost.

const STATUSES = ['uploading', 'processing', 'ready', 'publishing', 'published', 'failed'] as const;
let kit: RecoveryKit;
let server: RunningServer;
let seller: SellerClient;
let other: SellerClient;
const ids = new Map<string, string>();
let photos: string[];

beforeAll(async () => {
  kit = await recoveryKit();
  server = await kit.start();
  seller = await aSeller(server);
  other = await aSeller(server);
  const files = [await photo({ seed: 1 }), await photo({ seed: 2 })];
  photos = files.map((bytes) => sha256OfBytes(bytes));
  for (const status of STATUSES) {
    const { id } = (await (await seller.upload(files)).json()) as { id: string };
    const way = status === 'failed' ? ['processing', 'failed'] : STATUSES.slice(1, STATUSES.indexOf(status) + 1);
    for (const next of way) await kit.sql('update products set status = $2 where id = $1', [id, next]);
    ids.set(status, id);
  }
  ids.set('of another', ((await (await other.upload(files)).json()) as { id: string }).id);
  await kit.cli(['backup', 'create']);
}, 120_000);
afterAll(() => kit.stop());

const product = async (id: string) =>
  (await seller.call('GET', `/api/products/${id}`)).json() as Promise<{ status: string; created_at: string }>;
const history = async (id: string) =>
  ((await (await seller.call('GET', `/api/products/${id}/history`)).json()) as { history: object[] }).history;
const bringBack = (id: string, ...more: string[]) => kit.cli(['backup', 'restore', 'product', id, ...more]);
const remove = async (id: string) => expect((await seller.call('DELETE', `/api/products/${id}`)).status).toBe(204);

describe('a product that was deleted by mistake', () => {
  test('comes back whole, in the status that it had and with its history, and stays after the sweeps', async () => {
    const before = new Map<string, unknown>();
    for (const status of STATUSES) {
      const id = ids.get(status) ?? '';
      before.set(
        id,
        [await product(id), await history(id)].map((answer) => JSON.parse(JSON.stringify(answer))),
      );
      await remove(id);
    }
    await server.container.storage.drainer.idle();
    expect((await kit.keys()).filter((key) => !key.includes(ids.get('of another') ?? ''))).toEqual([]);
    for (const status of STATUSES) await bringBack(ids.get(status) ?? '');
    await kit.cli(['sweep']);
    for (const status of STATUSES) {
      const id = ids.get(status) ?? '';
      const [was, wasHistory] = before.get(id) as [{ created_at: string }, object[]];
      // a worker may have published it since
      expect(await product(id)).toMatchObject({
        status: status === 'publishing' ? 'ready' : status,
        created_at: was.created_at,
      });
      expect(await history(id)).toEqual(wasHistory);
      expect(await digestsByUrls({ id, seller }, server)).toEqual(photos);
    }
    expect((await other.call('GET', `/api/products/${ids.get('ready')}`)).status).toBe(404);
  }, 120_000);

  test('is counted, and waits for a worker or a decoder where it has to', async () => {
    const [ledger] = await kit.sql(
      'select uploading, processing, ready, publishing, published, failed from seller_ledger where user_id = $1',
      [seller.userId],
    );
    expect(ledger).toEqual({ uploading: 1, processing: 1, ready: 2, publishing: 0, published: 1, failed: 1 });
    expect(await kit.sql('select product_id from work_items')).toEqual([{ product_id: ids.get('processing') }]);
    const jobs = await kit.sql(
      "select 1 from pgboss.job where name = 'prepare' and state <= 'active' and singleton_key = $1",
      [ids.get('uploading')],
    );
    expect(jobs).toHaveLength(1);
    expect(await kit.sql("select kind from intents where kind = 'restore'")).toEqual([]);
  });

  test('that is there, is in no backup, or whose seller is gone does not', async () => {
    await expect(bringBack(ids.get('ready') ?? '')).rejects.toThrow(/the product is there/);
    await expect(bringBack(Bun.randomUUIDv7())).rejects.toThrow(/has no product/);
    await expect(bringBack('nothing')).rejects.toThrow(UsageError);
    await kit.sql('delete from users where id = $1', [other.userId]);
    await expect(bringBack(ids.get('of another') ?? '')).rejects.toThrow(CommandFailed);
    expect(await kit.sql("select count(*)::int as n from intents where kind = 'restore' and state = 'open'")).toEqual([
      { n: 0 },
    ]);
  });
});

describe('objects that the bucket has lost', () => {
  test('come back where a row names them, and only they', async () => {
    await kit.cli(['backup', 'create']);
    const id = ids.get('ready') ?? '';
    const gone = ids.get('failed') ?? '';
    await remove(gone);
    await server.container.storage.drainer.idle();
    const before = await kit.keys();
    await kit.loseObjects((key) => key.includes(id));
    const report = await kit.told<{ counts: object }>(['backup', 'restore', 'objects']);
    expect(report.counts).toMatchObject({ put: 2, present: before.length - 2, missing: 0, lost: 0 });
    expect(await digestsByUrls({ id, seller }, server)).toEqual(photos);
    expect((await kit.keys()).sort()).toEqual(before.sort());
  }, 60_000);

  test('come back under the keys that they have been given since the backup', async () => {
    const id = ids.get('ready') ?? '';
    const keyed = { BACKUP_DIR: await kit.newFolder(), BACKUP_ENCRYPTION_IDENTITY: await anIdentity() };
    const { backup } = await kit.told<{ backup: string }>(['backup', 'create'], keyed);
    expect((await seller.call('POST', `/api/products/${id}/revoke-urls`)).status).toBe(200);
    await server.container.storage.drainer.idle();
    await kit.loseObjects((key) => key.includes(id));
    const { counts } = await kit.told<{ counts: object }>(['backup', 'restore', 'objects'], keyed);
    expect(counts).toMatchObject({ put: 2, missing: 0, lost: 0 });
    expect(await digestsByUrls({ id, seller }, server)).toEqual(photos);
    // with another identity objects are found by the names that the backup's own gave them
    await kit.loseObjects((key) => key.includes(id));
    const { BACKUP_ENCRYPTION_IDENTITY: former } = keyed;
    const later = {
      ...keyed,
      BACKUP_ENCRYPTION_IDENTITY: await anIdentity(),
      BACKUP_ENCRYPTION_FORMER_IDENTITIES: former,
    };
    await kit.cli(['backup', 'restore', 'objects', backup], later);
    expect(await digestsByUrls({ id, seller }, server)).toEqual(photos);
  }, 60_000);

  test('are told apart from those that came after the last backup', async () => {
    const { id } = (await (await seller.upload([await photo({ seed: 77 })])).json()) as { id: string };
    await kit.loseObjects((key) => key.includes(id));
    await expect(kit.cli(['backup', 'restore', 'objects'])).rejects.toThrow(FoundSomething);
    expect(await kit.keys()).not.toContainEqual(expect.stringContaining(id));
  }, 60_000);
});

const anIdentity = async () => /AGE-SECRET-KEY-1[0-9A-Z]+/.exec((await kit.cli(['backup', 'key'])).join())?.[0] ?? '';
