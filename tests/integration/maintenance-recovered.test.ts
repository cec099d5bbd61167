import { afterAll, beforeAll, expect, test } from 'bun:test';
import { UsageError } from '../../src/cli/command';
import type { RunningServer } from '../../src/server';
import { photo } from '../support/photos';
import { type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller, PROMPT, type SellerClient } from '../support/seller-client';

// A database that was brought back to an earlier moment, by a restore or otherwise: what was under way then is dead.

let kit: RecoveryKit;
let server: RunningServer;
let seller: SellerClient;
let product: string;

const HASH = 'a'.repeat(64);

beforeAll(async () => {
  kit = await recoveryKit();
  server = await kit.start();
  seller = await aSeller(server);
  const idempotent = { 'idempotency-key': 'done' };
  product = ((await (await seller.upload([await photo()], idempotent)).json()) as { id: string }).id;
  const image = { content_type: 'image/jpeg', file_size_bytes: 1000, sha256: HASH };
  expect((await seller.call('POST', '/api/uploads', { prompt_text: PROMPT, images: [image] })).status).toBe(201);
  await kit.sql('update products set status = $2 where id = $1', [product, 'processing']);
  // as an upload, a deletion and a worker leave them who are at work at that moment
  await kit.sql(`insert into intents (kind, prefix, state, expires_at) values
    ('upload', 'products/${product}/', 'open', now()), ('delete', 'products/${product}/x', 'draining', now())`);
  await kit.sql(`insert into idempotency_keys (user_id, procedure, key, intent_id, expires_at)
    values ('${seller.userId}', 'products.create', 'undone', gen_random_uuid(), now() + interval '1 day')`);
  await kit.sql(`insert into work_leases (id, product_id, phase, holder_id, worker, attempt, lease_seconds, expires_at)
    values (gen_random_uuid(), '${product}', 'processing', '${seller.userId}', 'w', 1, 3600, now() + interval '1 hour')`);
  await kit.sql("update work_items set state = 'leased', attempts = 1, due_at = now() + interval '1 hour'");
  await kit.sql(`insert into quarantined_objects (key, quarantine_key, file_size_bytes, state, reason, quarantined_at) values
    ('products/a', 'quarantine/1/products/a', 1, 'held', 'x', now() - interval '40 days'),
    ('products/b', 'quarantine/1/products/b', 1, 'moving', 'x', now()), ('products/c', 'quarantine/1/products/c', 1, 'expiring', 'x', now())`);
  await kit.sql('update seller_ledger set image_bytes = 7, processing = 9');
}, 120_000);
afterAll(() => kit.stop());

test('a system that is alive is left as it is', async () => {
  const journal = () => kit.sql('select kind, state from intents order by kind, state');
  const before = await journal();
  await expect(kit.cli(['maintenance', 'recovered', '--reason', 'PITR'])).rejects.toThrow(/servers are connected/);
  expect(await journal()).toEqual(before);
  expect(await kit.sql('select 1 from maintenance_hold')).toEqual([]);
});

test('what a recovery has to put right is put right at once, and upkeep waits', async () => {
  await expect(kit.cli(['maintenance', 'recovered'])).rejects.toThrow(UsageError);
  await server.stop();
  await kit.cli(['maintenance', 'recovered', '--reason', 'PITR']);
  expect(await kit.sql('select kind, state from intents')).toEqual([{ kind: 'direct', state: 'open' }]);
  expect(await kit.sql('select key from idempotency_keys where key is not null order by key')).toContainEqual({
    key: 'done',
  });
  expect(await kit.sql("select key from idempotency_keys where key = 'undone'")).toEqual([]);
  expect(await kit.sql('select state, attempts from work_items')).toEqual([{ state: 'queued', attempts: 0 }]);
  expect(await kit.sql('select state from work_leases')).toEqual([{ state: 'lost' }]);
  expect(await kit.sql('select 1 from sessions where revoked_at is null')).toEqual([]);
  const [ledger] = await kit.sql<{ processing: number; right: boolean; leapt: boolean }>(`
    select processing, l.image_bytes = p.image_bytes as right, last_event = event_floor and event_floor > 1000000000 as leapt
    from seller_ledger l join products p using (user_id)`);
  expect(ledger).toEqual({ processing: 1, right: true, leapt: true });
  expect(await kit.sql('select reason from maintenance_hold')).toEqual([{ reason: 'PITR' }]);
  expect(await kit.sql('select 1 from product_events')).toEqual([]);
});

test('what was held in quarantine still is, from now on; what was on its way is the audit’s to find', async () => {
  const rows = await kit.sql(
    "select key, quarantined_at > now() - interval '1 hour' as young from quarantined_objects",
  );
  expect(rows).toEqual([{ key: 'products/a', young: true }]);
});

test('an upload that was announced can be completed still, and one that was answered answers the same', async () => {
  server = await kit.start();
  seller = seller.at(server);
  const [upload] = await kit.sql<{ product_id: string }>('select product_id from direct_uploads');
  const completed = await seller.call('POST', `/api/uploads/${upload?.product_id}/complete`);
  expect(((await completed.json()) as { error: { code: string } }).error.code).toBe('UPLOAD_INCOMPLETE');
  const again = await seller.upload([await photo()], { 'idempotency-key': 'done' });
  expect(((await again.json()) as { id: string }).id).toBe(product);
});
