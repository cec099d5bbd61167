import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { PgDialect } from 'drizzle-orm/pg-core';
import { AppError } from '../../src/kernel/app-error';
import type { Principal } from '../../src/kernel/principal';
import { firstOfQueue } from '../../src/modules/processing/infrastructure/work/claim';
import { createLog } from '../../src/platform/telemetry/log';
import { aVariant } from '../support/products-fixture';
import { type WorkKit, workKit } from '../support/work-kit';

const logged: string[] = [];

let kit: WorkKit;
let worker: Principal;

beforeAll(async () => {
  kit = await workKit({}, createLog('warn', { write: (line) => logged.push(line) }));
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.rows('delete from products'));

describe('a claim', () => {
  test('leases a product for the time asked for, with its prompt and fresh URLs of its images', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    await aVariant(kit.db, product.images[0]!, 'model');
    const [job, ...others] = await kit.claim(worker, { worker: 'gpu-7', max: 5, lease_seconds: 120 });
    expect(others).toEqual([]);
    expect(job).toMatchObject({ product_id: product.id, attempt: 1, prompt_text: 'a lamp in good order' });
    expect(job?.images.map(({ id, is_primary }) => [id, is_primary])).toEqual([
      [product.images[0]!, true],
      [product.images[1]!, false],
    ]);
    expect(job?.images[0]?.urls).toEqual({
      model: expect.stringContaining(`${product.images[0]}/model.jpg?`),
      thumb: null,
    });
    expect(job?.images[1]?.urls).toEqual({ model: null, thumb: null });
    expect(job).not.toHaveProperty('credentials');
    const [lease] = await kit.rows(
      'select worker, state, extract(epoch from expires_at - created_at)::int as seconds from work_leases where id = $1',
      job?.lease_id,
    );
    expect(lease).toEqual({ worker: 'gpu-7', state: 'live', seconds: 120 });
    expect(await kit.item(product)).toMatchObject({ state: 'leased', attempts: 1 });
    const [row] = await kit.rows<{ at: Date | null }>(
      'select processing_started_at as at from products where id = $1',
      product.id,
    );
    expect(row?.at).toBeInstanceOf(Date);
  });

  test('that can sign no URL leases nothing, and costs no product an attempt', async () => {
    const product = await kit.aProduct(await kit.aSeller());
    await aVariant(kit.db, product.images[0]!, 'model');
    const signImage = () => {
      throw new AppError('STORAGE_UNAVAILABLE');
    };
    const mute = kit.elsewhere(worker, { signImage });
    const request = { phase: 'processing', worker: 'gpu-7', max: 5, lease_seconds: 60 } as const;
    await expect(mute.claim(request)).rejects.toThrow();
    expect(await kit.item(product)).toMatchObject({ state: 'queued', attempts: 0 });
    expect(await kit.rows('select 1 from work_leases where product_id = $1', product.id)).toEqual([]);
    expect(await kit.claim(worker)).toHaveLength(1);
  });

  test('of a product that is published gives processed images and credentials; without an account they are null', async () => {
    const product = await kit.aProduct(await kit.aSeller(), 'publishing', 1);
    await kit.rows(
      "update product_images set processed_s3_url = 's3://test-images/done.webp' where id = $1",
      product.images[0],
    );
    expect(await kit.claim(worker)).toEqual([]);
    const [job] = await kit.claim(worker, { phase: 'publishing' });
    expect(job?.credentials).toBeNull();
    expect(job?.images[0]?.urls).toEqual({
      model: null,
      thumb: null,
      processed: expect.stringContaining('/done.webp?'),
    });
  });

  test('of a product that is published gives what its seller’s account is reached with, and nobody else’s', async () => {
    const [mine, other] = [
      await kit.aProduct(await kit.aSeller(), 'publishing'),
      await kit.aProduct(await kit.aSeller(), 'publishing'),
    ];
    const expiresAt = new Date('2027-01-01T00:00:00Z');
    const asked: unknown[] = [];
    const publisher = kit.elsewhere(worker, {
      credentials: async (_, ids) => {
        asked.push(...ids);
        const account = { accessToken: 'APP_USR-1', refreshToken: 'TG-1', mlUserId: '42', expiresAt };
        return () => new Map([[mine.id, account]]);
      },
    });
    const { jobs } = await publisher.claim({
      phase: 'publishing',
      worker: 'w',
      max: 9,
      lease_seconds: 60,
    });
    expect(asked.sort()).toEqual([mine.id, other.id].sort());
    const of = (id: string) => jobs.find(({ product_id }) => product_id === id)?.credentials;
    expect(of(mine.id)).toEqual({
      access_token: 'APP_USR-1',
      refresh_token: 'TG-1',
      ml_user_id: '42',
      expires_at: expiresAt.toISOString(),
    });
    expect(of(other.id)).toBeNull();
  });

  test.each([
    ['names an unknown bucket', 's3://another-bucket/a.jpg', 'another-bucket'],
    ['names what was put aside', 's3://test-images/held/a.jpg', 'put aside'],
    ['names no key', 's3://test-images/../a.jpg', 'not a usable object key'],
  ])('passes over a product of which a row %s: it spends its own attempts, and is told of', async (_, url, why) => {
    const [broken, good] = [await kit.aProduct(await kit.aSeller()), await kit.aProduct(await kit.aSeller())];
    await kit.rows('update product_images set original_s3_url = $2 where id = $1', broken.images[0], url);
    logged.length = 0;
    expect(await kit.claim(worker, { max: 1 })).toEqual([]);
    expect((await kit.claim(worker, { max: 5 })).map(({ product_id }) => product_id)).toEqual([good.id]);
    expect(logged.filter((line) => line.includes(broken.id)).map((line) => JSON.parse(line).level)).toEqual(['error']);
    expect(logged.join('')).toContain(why);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(await kit.item(broken)).toMatchObject({ state: 'leased', attempts: attempt });
      const [lease] = await kit.rows<{ id: string }>(
        "select id from work_leases where state = 'live' and product_id = $1",
        broken.id,
      );
      await kit.expire(lease!.id);
      expect(await kit.claim(worker, { max: 5 })).toEqual([]);
    }
    expect(await kit.product(broken)).toMatchObject({ status: 'failed', failed_from: 'processing' });
  });

  test('of an empty queue is answered with nothing', async () => {
    expect(await kit.claim(worker)).toEqual([]);
  });

  test('finds the first of many by the queue’s index alone', async () => {
    const seller = await kit.aSeller();
    await kit.rows(
      `insert into products (id, user_id, prompt_text) select gen_random_uuid(), $1, 'a lamp in good order' from generate_series(1, 3000)`,
      seller.userId,
    );
    await kit.rows("update products set status = 'processing'");
    await kit.rows('analyze work_items, products');
    const { sql, params } = new PgDialect().sqlToQuery(firstOfQueue('processing', 10));
    const plan = JSON.stringify(await kit.rows(`explain (format json) ${sql}`, ...params));
    expect(plan).toContain('work_items_queue_idx');
    expect(plan).not.toContain('"Seq Scan"');
    expect(plan).not.toContain('"Sort"');
  }, 120_000);
});

describe('twenty workers at once', () => {
  test('get every product once, and none waits for another', async () => {
    const sellers = [await kit.aSeller(), await kit.aSeller(), await kit.aSeller()];
    const expected = new Set<string>();
    for (let n = 0; n < 60; n += 1) expected.add((await kit.aProduct(sellers[n % 3]!, 'processing', 1)).id);
    const got: string[] = [];
    const work = async (name: number) => {
      for (;;) {
        const jobs = await kit.claim(worker, { worker: `w${name}`, max: 2 });
        if (jobs.length === 0) return;
        got.push(...jobs.map(({ product_id }) => product_id));
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, name) => work(name)));
    // one that was passed over because another had it in hand may have been left by the last of them
    await work(20);
    expect(got).toHaveLength(60);
    expect(new Set(got)).toEqual(expected);
    expect(await kit.rows("select 1 from work_leases where state = 'live'")).toHaveLength(60);
  }, 120_000);

  test('pass over a product that another transaction has in hand', async () => {
    const [first, second] = [await kit.aProduct(await kit.aSeller()), await kit.aProduct(await kit.aSeller())];
    await kit.rows('begin');
    await kit.rows('update products set prompt_text = prompt_text where id = $1', first.id);
    const jobs = await kit.claim(worker, { max: 10 });
    await kit.rows('commit');
    expect(jobs.map(({ product_id }) => product_id)).toEqual([second.id]);
  });
});

describe('between sellers', () => {
  test('one’s thousand products do not make another’s first wait', async () => {
    const [many, one] = [await kit.aSeller(), await kit.aSeller()];
    await kit.rows(
      `insert into products (id, user_id, prompt_text) select gen_random_uuid(), $1, 'a lamp in good order' from generate_series(1, 1000)`,
      many.userId,
    );
    await kit.rows("update products set status = 'processing'");
    expect(await kit.claim(worker, { max: 10 })).toHaveLength(10);
    const late = await kit.aProduct(one);
    expect((await kit.claim(worker, { max: 2 })).map(({ product_id }) => product_id)).toContain(late.id);
  }, 30_000);

  test('turns go round', async () => {
    const [a, b] = [await kit.aSeller(), await kit.aSeller()];
    const of = new Map<string, string>();
    for (let n = 0; n < 3; n += 1) of.set((await kit.aProduct(a)).id, 'a');
    for (let n = 0; n < 3; n += 1) of.set((await kit.aProduct(b)).id, 'b');
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) {
      const turn = (await kit.claim(worker, { max: 2 })).map(({ product_id }) => of.get(product_id));
      order.push(...turn.sort());
    }
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('one’s many are served one by one, though others come with one after the other for ever', async () => {
    const [many, ...others] = [await kit.aSeller(), await kit.aSeller(), await kit.aSeller(), await kit.aSeller()];
    const mine = new Set<string>();
    for (let n = 0; n < 10; n += 1) mine.add((await kit.aProduct(many)).id);
    const sellerOf = new Map<string, Principal>();
    const comes = async (seller: (typeof others)[number]) =>
      sellerOf.set((await kit.aProduct(seller, 'processing', 1)).id, seller);
    for (const other of others) await comes(other);
    let served = 0;
    for (let n = 0; n < 24; n += 1) {
      const [job] = await kit.claim(worker);
      if (mine.has(job!.product_id)) served += 1;
      else await comes(sellerOf.get(job!.product_id) as (typeof others)[number]);
    }
    expect(served).toBe(24 / 4);
  }, 30_000);

  test('an early id does not come before who was there in the same turn', async () => {
    const first = await kit.aProduct(await kit.aSeller());
    const seller = await kit.aSeller();
    const early = '00000000-0000-7000-8000-000000000000';
    await kit.rows(
      "insert into products (id, user_id, prompt_text) values ($1, $2, 'a lamp in good order')",
      early,
      seller.userId,
    );
    await kit.rows("update products set status = 'processing' where id = $1", early);
    const turns = await kit.rows('select distinct turn from work_items');
    expect(turns).toHaveLength(1);
    expect((await kit.claim(worker, { max: 2 })).map(({ product_id }) => product_id)).toEqual([first.id, early]);
  });
});
