import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { Principal, Seller } from '../../src/kernel/principal';
import { toAppError } from '../../src/platform/http/to-app-error';
import { createLog } from '../../src/platform/telemetry/log';
import { answerOf, type ProductFixture } from '../support/products-fixture';
import { type Job, type WorkKit, workKit } from '../support/work-kit';

const PUBLISHING = { phase: 'publishing', max: 50 } as const;
const logged: string[] = [];

let kit: WorkKit;
let worker: Principal;

beforeAll(async () => {
  kit = await workKit({}, createLog('trace', { write: (line) => logged.push(line) }));
  worker = await kit.aWorker();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.rows('delete from users where role = $1', 'seller');
  logged.length = 0;
});

function accountOf(seller: Seller) {
  return {
    access_token: `APP_USR-secret-${seller.userId}`,
    refresh_token: `TG-secret-${seller.userId}`,
    expires_at: '2027-01-01T00:00:00.000Z',
    ml_user_id: '42',
  };
}

interface Connected {
  readonly seller: Seller;
  readonly product: ProductFixture;
}

async function aConnectedSeller(): Promise<Connected> {
  const seller = await kit.aSeller();
  await kit.as(seller).credentials.mercadolibre.put(accountOf(seller));
  return { seller, product: await kit.aProduct(seller, 'publishing', 1) };
}

/** `done`, or the code of the refusal. */
function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (refused: unknown) => toAppError(refused).code,
  );
}

async function claimAll(): Promise<(product: ProductFixture) => Job['credentials']> {
  const jobs = await kit.claim(worker, PUBLISHING);
  return ({ id }) => {
    const job = jobs.find(({ product_id }) => product_id === id);
    if (!job) throw new Error('it was not claimed');
    return job.credentials;
  };
}

describe('a publishing worker', () => {
  test('is given with each job what its seller’s account is reached with; null where none is connected', async () => {
    const [one, two] = [await aConnectedSeller(), await aConnectedSeller()];
    const third = await kit.aProduct(one.seller, 'publishing', 1);
    const unconnected = await kit.aProduct(await kit.aSeller(), 'publishing', 1);
    const of = await claimAll();
    expect(of(one.product)).toEqual(accountOf(one.seller));
    expect(of(third)).toEqual(accountOf(one.seller));
    expect(of(two.product)).toEqual(accountOf(two.seller));
    expect(of(unconnected)).toBeNull();
    const lines = logged.filter((line) => line.includes('mercadolibre_account_issued'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ account_id: worker.userId }]);
    expect(lines.map((line) => JSON.parse(line).product_ids.length)).toEqual([3]);
    expect(logged.join('')).not.toContain('-secret-');
  });

  test('is given none where the seller has disconnected it', async () => {
    const { seller, product } = await aConnectedSeller();
    await kit.as(seller).credentials.mercadolibre.delete();
    expect((await claimAll())(product)).toBeNull();
  });

  test('gets it by the claim alone: no other answer of its lease has it', async () => {
    const { product } = await aConnectedSeller();
    const [job] = await kit.claim(worker, PUBLISHING);
    const { work } = kit.as(worker);
    const id = job!.lease_id;
    const answers = [
      await work.urls({ id, variants: ['model', 'processed'] }),
      await work.heartbeat({ id, progress: 5 }),
      await work.complete({ id, images: [], result: {} }),
    ];
    expect(JSON.stringify(answers)).not.toContain('-secret-');
    expect(await kit.product(product)).toMatchObject({ status: 'published' });
  });

  test('gets nothing, and nothing is leased, where the database does not answer for it', async () => {
    const { product } = await aConnectedSeller();
    await kit.rows('alter table seller_credentials rename to seller_credentials_away');
    const refusal = await codeOf(kit.claim(worker, PUBLISHING));
    await kit.rows('alter table seller_credentials_away rename to seller_credentials');
    expect(refusal).toBe('INTERNAL');
    expect(await kit.item(product)).toMatchObject({ state: 'queued', attempts: 0 });
    expect((await claimAll())(product)).toMatchObject({ ml_user_id: '42' });
  });

  test('of photos, a seller and an admin are given none', async () => {
    const { seller } = await aConnectedSeller();
    await kit.aProduct(seller, 'processing', 1);
    expect((await kit.claim(worker))[0]).not.toHaveProperty('credentials');
    for (const who of [seller, null]) {
      const answer = await answerOf(kit.as(who).work.claim({ ...PUBLISHING, worker: 'x', lease_seconds: 60 }));
      expect(JSON.stringify(answer)).not.toContain('-secret-');
    }
  });
});

describe('a publishing worker that has refreshed', () => {
  const fresh = (seller: Seller, n = 1) => ({
    access_token: `APP_USR-secret-fresh-${n}`,
    refresh_token: `TG-secret-fresh-${n}`,
    expires_at: '2027-01-01T06:00:00.000Z',
    spent_refresh_token: n === 1 ? accountOf(seller).refresh_token : `TG-secret-fresh-${n - 1}`,
  });
  const kept = (seller: Seller, n = 1) => {
    const { spent_refresh_token: _, ...tokens } = fresh(seller, n);
    return { ...tokens, ml_user_id: '42' };
  };

  async function aJob(seller?: Connected) {
    const connected = seller ?? (await aConnectedSeller());
    const [job] = await kit.claim(worker, PUBLISHING);
    if (!job) throw new Error('nothing was claimed');
    const refresh = (n = 1, by = worker) =>
      codeOf(kit.as(by).work.refreshCredentials({ id: job.lease_id, ...fresh(connected.seller, n) }));
    return { ...connected, id: job.lease_id, refresh };
  }

  async function nextClaimed(seller: Seller) {
    await kit.aProduct(seller, 'publishing', 1);
    return (await kit.claim(worker, PUBLISHING))[0]?.credentials;
  }

  test('puts the new tokens back, and again, and the next claim has them', async () => {
    const { seller, refresh } = await aJob();
    expect([await refresh(), await refresh()]).toEqual(['done', 'done']);
    expect(await nextClaimed(seller)).toEqual(kept(seller));
    expect(await kit.as(seller).credentials.mercadolibre.get()).toMatchObject({ expires_at: kept(seller).expires_at });
    const lines = logged.filter((line) => line.includes('mercadolibre_account_refreshed'));
    expect(lines.map((line) => JSON.parse(line).account_id)).toEqual([worker.userId, worker.userId]);
    expect(logged.join('')).not.toContain('-secret-');
  });

  test('of two at once by the same token one is kept', async () => {
    const one = await aConnectedSeller();
    const jobs = [
      await aJob(one),
      await aJob({ seller: one.seller, product: await kit.aProduct(one.seller, 'publishing', 1) }),
    ];
    const other = { ...fresh(one.seller, 9), spent_refresh_token: accountOf(one.seller).refresh_token };
    const answers = await Promise.all([
      jobs[0]!.refresh(),
      codeOf(kit.as(worker).work.refreshCredentials({ id: jobs[1]!.id, ...other })),
    ]);
    expect(answers.toSorted()).toEqual(['CONFLICT', 'done']);
    expect(await nextClaimed(one.seller)).toEqual(kept(one.seller, answers[0] === 'done' ? 1 : 9));
  });

  test('changes nothing of what the seller has connected or disconnected meanwhile', async () => {
    const { seller, refresh } = await aJob();
    const anew = { ...accountOf(seller), refresh_token: 'TG-secret-anew', ml_user_id: '43' };
    await kit.as(seller).credentials.mercadolibre.put(anew);
    expect(await refresh()).toBe('CONFLICT');
    expect(await nextClaimed(seller)).toEqual(anew);
    await kit.as(seller).credentials.mercadolibre.delete();
    expect(await refresh()).toBe('CONFLICT');
    expect(await nextClaimed(seller)).toBeNull();
  });

  test('changes nothing by a lease that is lost, of another worker, or not for publishing', async () => {
    const { seller, id, refresh } = await aJob();
    expect(await refresh(1, await kit.aWorker())).toBe('NOT_FOUND');
    await kit.rows("update work_leases set expires_at = now() - interval '1 second' where id = $1", id);
    expect(await refresh()).toBe('LEASE_LOST');
    await kit.aProduct(seller, 'processing', 1);
    const [processing] = await kit.claim(worker);
    const call = kit.as(worker).work.refreshCredentials({ id: processing!.lease_id, ...fresh(seller) });
    expect(await codeOf(call)).toBe('CONFLICT');
    expect(await kit.as(seller).credentials.mercadolibre.get()).toMatchObject({
      expires_at: accountOf(seller).expires_at,
    });
  });

  test('is refused where what is kept does not open, and operators are told', async () => {
    const { seller, refresh } = await aJob();
    await kit.rows("update seller_credentials set key_id = '0123456789abcdef' where user_id = $1", seller.userId);
    expect(await refresh()).toBe('CONFLICT');
    expect(logged.join('')).toContain('"reason":"unknown_key"');
  });
});

describe('what was changed in the database', () => {
  const CHANGES: readonly (readonly [string, (victim: Connected, other: Connected) => Promise<unknown>])[] = [
    [
      'moved to another seller',
      ({ seller }, other) =>
        kit.rows(
          `update seller_credentials mine set key_id = t.key_id, wrapped_key = t.wrapped_key, sealed = t.sealed
           from seller_credentials t where mine.user_id = $1 and t.user_id = $2`,
          seller.userId,
          other.seller.userId,
        ),
    ],
    [
      'given the text of another seller',
      ({ seller }, other) =>
        kit.rows(
          'update seller_credentials mine set sealed = t.sealed from seller_credentials t where mine.user_id = $1 and t.user_id = $2',
          seller.userId,
          other.seller.userId,
        ),
    ],
    [
      'given another key id',
      ({ seller }) =>
        kit.rows("update seller_credentials set key_id = '0123456789abcdef' where user_id = $1", seller.userId),
    ],
    [
      'changed by one bit of its text',
      ({ seller }) =>
        kit.rows(
          'update seller_credentials set sealed = set_bit(sealed, 130, 1 - get_bit(sealed, 130)) where user_id = $1',
          seller.userId,
        ),
    ],
    [
      'changed by one bit of its key',
      ({ seller }) =>
        kit.rows(
          'update seller_credentials set wrapped_key = set_bit(wrapped_key, 130, 1 - get_bit(wrapped_key, 130)) where user_id = $1',
          seller.userId,
        ),
    ],
    [
      'emptied',
      ({ seller }) => kit.rows("update seller_credentials set sealed = '' where user_id = $1", seller.userId),
    ],
  ];

  test.each(CHANGES)('and %s is given to nobody, told to operators, and spoils no other job', async (_, change) => {
    const [victim, other] = [await aConnectedSeller(), await aConnectedSeller()];
    await change(victim, other);
    const of = await claimAll();
    expect(of(victim.product)).toBeNull();
    expect(of(other.product)).toEqual(accountOf(other.seller));
    const told = logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error');
    expect(told).toMatchObject([
      { user_id: victim.seller.userId, reason: expect.stringMatching(/tampered|unknown_key/) },
    ]);
    expect(logged.join('')).not.toContain('-secret-');
  });
});
