import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { photo } from '../support/photos';
import { type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { digestsByUrls, restlessSellers, wereGone, wereThere } from '../support/restless-sellers';
import { s3Server } from '../support/s3-servers';
import { aSeller } from '../support/seller-client';
import { type Environment, s3Environment } from '../support/server';
import { openSocket, untilMessages } from '../support/socket';

// The whole of it: sellers at work, a backup meanwhile, everything lost, everything back.

const minio = await s3Server('minio');
const STORES: [string, () => Environment][] = [['disk', () => ({})]];
if (minio) STORES.push(['MinIO', () => s3Environment(minio)]);

describe.each(STORES)('on %s', (_name, store) => {
  let kit: RecoveryKit;
  beforeAll(async () => {
    kit = await recoveryKit(store());
  }, 60_000);
  afterAll(() => kit.stop());

  test('what was committed before the snapshot is back after database and bucket were lost, and work goes on', async () => {
    const server = await kit.start();
    const sellers = restlessSellers(kit, server);
    while (sellers.known.length < 8) await Bun.sleep(50);
    const created = await kit.told<{ backup: string }>(['backup', 'create']);
    while (sellers.known.length < 15) await Bun.sleep(50);
    await sellers.stop();
    await server.stop();

    await kit.loseDatabase();
    await kit.loseObjects();
    const report = await kit.told<{ backup: string; as_of: string; counts: Record<string, number> }>([
      'backup',
      'restore',
    ]);
    expect(report.backup).toBe(created.backup);

    const again = await kit.start();
    const snapshotAt = Date.parse(report.as_of);
    const there = wereThere(sellers.known, snapshotAt);
    expect(there.length).toBeGreaterThan(3);
    expect(there.length).toBeLessThan(sellers.known.length);
    for (const product of there) expect(await digestsByUrls(product, again)).toEqual([...product.photos]);
    for (const { id, seller } of wereGone(sellers.known, snapshotAt))
      expect((await seller.at(again).call('GET', `/api/products/${id}`)).status).toBe(404);

    const seller = there[0]!.seller.at(again);
    const bytes = await photo({ seed: 999 });
    const uploaded = await seller.upload([bytes]);
    expect(uploaded.status).toBe(201);
    const { id } = (await uploaded.json()) as { id: string };
    expect(await digestsByUrls({ id, seller }, again)).toEqual([sha256OfBytes(bytes)]);
    await aSeller(again);

    // numbers of the time that was undone are told apart from those that are given now
    const socket = await openSocket(again.url, '/ws/products?last_event_id=2', { token: seller.accessToken });
    await untilMessages(socket, 1);
    const [resync] = socket.messages;
    expect(resync?.type).toBe('resync');
    expect(resync?.id).toBeGreaterThan(1_000_000_000);
    socket.close();
    const { refreshToken: refresh_token } = seller;
    expect((await seller.call('POST', '/api/auth/refresh', { refresh_token })).status).toBe(401);

    const [ledger] = await kit.sql<{ wrong: number }>(`
      select count(*)::int as wrong from seller_ledger l cross join lateral (
        select count(*) filter (where status = 'uploading') as uploading, count(*) filter (where status = 'ready') as ready,
          count(*) filter (where status = 'published') as published, coalesce(sum(image_bytes), 0) as bytes
        from products p where p.user_id = l.user_id) c
      where (l.uploading, l.ready, l.published, l.image_bytes) is distinct from (c.uploading, c.ready, c.published, c.bytes)`);
    expect(ledger).toEqual({ wrong: 0 });

    // nothing that is left of the journal takes a restored object away
    await kit.cli(['maintenance', 'resume']);
    await kit.told(['sweep']);
    for (const product of there) expect(await digestsByUrls(product, again)).toEqual([...product.photos]);
    await kit.cli(['audit']);
    await again.stop();
  }, 120_000);
});
