import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../src/kernel/ids';
import type { Log } from '../../src/kernel/log';
import type { Principal } from '../../src/kernel/principal';
import { proceduresOf } from '../support/id-inputs';
import { silentLog } from '../support/log';
import { answerOf, aUser, type ProductFixture } from '../support/products-fixture';
import { announced, type WorkKit, workKit } from '../support/work-kit';

interface Ids {
  readonly id: string;
  readonly image: string;
}

const REFRESHED = { access_token: 'APP_USR-2', refresh_token: 'TG-2', expires_at: '2027-01-01T00:00:00Z' };
const ACCOUNT = { ...REFRESHED, access_token: 'APP_USR-1', refresh_token: 'TG-1', ml_user_id: '42' };

/** How to call each procedure that takes a lease, so that its holder is let through. One that is missing fails the first test. */
const CALLS: readonly (readonly [procedure: string, inputOf: (lease: Ids) => unknown, phase?: 'publishing'])[] = [
  ['urls', ({ id }) => ({ id, variants: ['original'] })],
  ['heartbeat', ({ id }) => ({ id, progress: 10, message: 'still at it' })],
  ['refreshCredentials', ({ id }) => ({ id, spent_refresh_token: ACCOUNT.refresh_token, ...REFRESHED }), 'publishing'],
  ['resultUrls', ({ id, image }) => ({ id, images: [announced(image, Buffer.from('x'))] })],
  ['complete', ({ id, image }) => ({ id, images: [{ image_id: image, processing_metadata: { mine: true } }] })],
  ['fail', ({ id }) => ({ id, error: 'broken', retryable: false })],
];
const CLAIM = { phase: 'processing', worker: 'w', max: 1, lease_seconds: 60 };

let kit: WorkKit;
let holder: Principal;
let stranger: Principal;
const logged: object[] = [];
const log: Log = { ...silentLog, info: (fields) => void logged.push(fields) };

beforeAll(async () => {
  kit = await workKit({}, log);
  holder = await kit.aWorker();
  stranger = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());

function call(as: Principal | null, procedure: string, input: unknown): Promise<unknown> {
  const work = kit.as(as).work as unknown as Record<string, (input: unknown) => Promise<unknown>>;
  return work[procedure]?.(input) ?? Promise.reject(new Error(`no procedure ${procedure}`));
}

async function aLease(
  phase: 'processing' | 'publishing' = 'processing',
): Promise<{ product: ProductFixture; ids: Ids }> {
  const seller = await kit.aSeller();
  await kit.as(seller).credentials.mercadolibre.put(ACCOUNT);
  const product = await kit.aProduct(seller, phase);
  const { lease_id } = await kit.claimOne(holder, product, { phase });
  return { product, ids: { id: lease_id, image: product.images[0]! } };
}

/** Everything that the database holds of a product and its work. */
async function rowsOf({ id }: ProductFixture): Promise<unknown> {
  const tables = ['work_items', 'work_leases', 'product_images', 'product_status_history', 'product_events', 'intents'];
  const rows: unknown[] = await kit.rows(
    'select * from products p left join seller_credentials using (user_id) where p.id = $1',
    id,
  );
  for (const table of tables) rows.push(await kit.rows(`select * from ${table} where product_id = $1 order by 1`, id));
  return rows;
}

describe('every procedure of workers that takes a lease', () => {
  test('is called below', () => {
    const procedures = proceduresOf(kit.server.container.work.router);
    const named = (wanted: typeof procedures) => wanted.map(({ path }) => path).sort();
    expect(named(procedures.filter(({ ids }) => ids.includes('id')))).toEqual(
      CALLS.map(([procedure]) => procedure).sort(),
    );
    expect(named(procedures.filter(({ ids }) => !ids.includes('id')))).toEqual(['claim']);
  });

  for (const [procedure, inputOf, phase] of CALLS) {
    test(`${procedure} answers another account’s lease exactly as an unknown one, and does nothing`, async () => {
      const { product, ids } = await aLease(phase);
      const before = await rowsOf(product);
      const unknown = await answerOf(call(stranger, procedure, inputOf({ ...ids, id: newId() })));
      expect(unknown).toMatchObject({ code: 'NOT_FOUND' });
      expect(await answerOf(call(stranger, procedure, inputOf(ids)))).toEqual(unknown);
      expect(await answerOf(call(stranger, procedure, inputOf({ ...ids, id: 'no id' })))).toEqual(unknown);
      expect(await rowsOf(product)).toEqual(before);
    });

    test(`${procedure} lets the holder through`, async () => {
      await call(holder, procedure, inputOf((await aLease(phase)).ids));
    });
  }
});

test('every procedure asks for a worker’s token: without one UNAUTHENTICATED, with a seller’s or an admin’s FORBIDDEN', async () => {
  const { product, ids } = await aLease();
  const before = await rowsOf(product);
  const [seller, admin] = [await kit.aSeller(), await aUser(kit.db, 'admin')];
  for (const [procedure, input] of [
    ['claim', CLAIM] as const,
    ...CALLS.map(([name, of]) => [name, of(ids)] as const),
  ]) {
    expect(await answerOf(call(null, procedure, input))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await answerOf(call(seller, procedure, input))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await answerOf(call(admin, procedure, input))).toMatchObject({ code: 'FORBIDDEN' });
  }
  expect(await rowsOf(product)).toEqual(before);
});

describe('fresh URLs of a lease', () => {
  test('are of the images as they are now: what was moved since the claim is found', async () => {
    const { product, ids } = await aLease();
    const moved = `s3://test-images/products/${product.id}/moved/original.jpg`;
    await kit.rows('update product_images set original_s3_url = $1 where id = $2', moved, ids.image);
    const { images } = await kit.as(holder).work.urls({ id: ids.id, variants: ['original'] });
    expect(images.find(({ id }) => id === ids.image)?.urls.original).toContain('/moved/original.jpg?');
  });

  test('hold an original only where it is named, and then that is kept in the log and counted', async () => {
    const { product, ids } = await aLease();
    logged.length = 0;
    const audited = (): object[] => logged.filter((fields) => 'audit' in fields);
    const plain = await kit.as(holder).work.urls({ id: ids.id });
    expect(plain.images.map(({ urls }) => Object.keys(urls).sort())).toEqual([
      ['model', 'thumb'],
      ['model', 'thumb'],
    ]);
    expect(audited()).toEqual([]);
    const { images } = await kit.as(holder).work.urls({ id: ids.id, variants: ['original', 'thumb'] });
    for (const { urls } of images)
      expect(urls).toEqual({ original: expect.stringContaining('/original.jpg?'), thumb: null });
    expect(audited()).toEqual([
      {
        audit: 'original_url_issued',
        lease_id: ids.id,
        product_id: product.id,
        account_id: holder.userId,
        worker: 'tests',
        image_ids: [...product.images],
      },
    ]);
    const [act] = await kit.server.container.operators.recent('work.urls original', 1);
    expect(act).toMatchObject({
      actor: holder.userId,
      source: 'api',
      target: product.id,
      outcome: 'done',
      details: { lease_id: ids.id, worker: 'tests', image_ids: [...product.images] },
    });
    const metrics = await (await fetch(`${kit.server.url}/metrics`)).text();
    expect(metrics).toMatch(/^work_original_urls_issued_total [1-9]/m);
  });
});

test('no original is given that could not be written down', async () => {
  const { ids } = await aLease();
  await kit.rows('alter table operator_audit rename to operator_audit_away');
  try {
    const answer = await answerOf(kit.as(holder).work.urls({ id: ids.id, variants: ['original'] }));
    expect(answer).toMatchObject({ code: 'INTERNAL' });
    await kit.as(holder).work.urls({ id: ids.id });
  } finally {
    await kit.rows('alter table operator_audit_away rename to operator_audit');
  }
});

test('the REST door answers as the contract says', async () => {
  const route = (path: string) => fetch(`${kit.server.url}/api/work/${path}`, { method: 'POST', body: '{}' });
  for (const path of [
    'processing/claim',
    'publishing/claim',
    'leases/x/heartbeat',
    'leases/x/urls',
    'leases/x/result-urls',
    'leases/x/complete',
    'leases/x/fail',
  ]) {
    expect([path, (await route(path)).status]).toEqual([path, 401]);
  }
});
