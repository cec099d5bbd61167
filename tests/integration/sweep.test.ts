import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { exists, mkdir, symlink, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { StepsFailed, TaskIsRunning } from '../../src/modules/maintenance';
import { spentRows } from '../../src/modules/maintenance/infrastructure/postgres-spent-rows';
import { openStagingArea } from '../../src/platform/staging/open-staging-area';
import { testIdentity } from '../support/identity';
import { silentLog } from '../support/log';
import { openTestDatabase } from '../support/postgres';
import { type UpkeepKit, upkeepKit } from '../support/upkeep-kit';

let kit: UpkeepKit;
let seller: Seller;

beforeAll(async () => {
  kit = await upkeepKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.db.sql('delete from users');
  await kit.db.sql('delete from maintenance_runs');
  await kit.storage.sweep();
  seller = await kit.seller();
});

const sweep = async () => (await kit.upkeep().sweep()).counts;
const numberOf = async (from: string) =>
  (await kit.db.sql<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n;

describe('a sweep', () => {
  test('removes the temporary folders of dead processes, and never those of living ones', async () => {
    const tmp = join(kit.dataDir, 'tmp');
    const living = await openStagingArea(tmp, silentLog);
    await (await living.open()).stage(new Response('an upload under way').body!);
    await mkdir(join(tmp, 'staging-of-the-dead', '0'), { recursive: true });
    expect(await sweep()).toMatchObject({ temporary_folders: 1 });
    expect(await exists(join(tmp, 'staging-of-the-dead'))).toBe(false);
    expect(await exists(join(living.folder, '0', '0'))).toBe(true);
    expect(await sweep()).toMatchObject({ temporary_folders: 0 });
    await living.close();
  });

  test('removes a half written copy of the store after a day', async () => {
    const [old, young] = ['old', 'young'].map((name) => join(kit.dataDir, 'objects', '.incoming', name)) as [
      string,
      string,
    ];
    for (const path of [old, young]) await Bun.write(path, 'half');
    const before = Date.now() / 1000 - 86_460;
    await utimes(old, before, before);
    expect(await sweep()).toMatchObject({ half_written: 1 });
    expect([await exists(old), await exists(young)]).toEqual([false, true]);
  });

  test('deletes everything else where an object can’t be deleted, and says so', async () => {
    const doomed = (count: number, key: string) =>
      kit.db.sql(
        `insert into intents (kind, prefix, state, expires_at)
          select 'delete', replace($1, '*', n::text), 'draining', now() from generate_series(1, $2::int) n`,
        [key, count],
      );
    // a path that no system call comes through
    const loop = join(kit.dataDir, 'objects', kit.storage.store.bucket, 'products', 'loop');
    await mkdir(dirname(loop), { recursive: true });
    await symlink(loop, loop);
    await doomed(501, 'products/loop/*.jpg');
    const keys = ['products/a/1.jpg', 'products/a/2.jpg'] as ObjectKey[];
    for (const key of keys) await kit.put(key, Buffer.from(key));
    await doomed(2, 'products/a/*.jpg');
    const failure = await sweep().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StepsFailed);
    expect(failure).toMatchObject({ steps: ['drain'], counts: { drained: 2, undeletable: 501, sessions: 0 } });
    expect(await kit.keys()).toEqual([]);
    expect(await kit.db.sql('select distinct state from intents where prefix = any ($1)', [keys])).toEqual([
      { state: 'tombstone' },
    ]);
    await unlink(loop);
    expect(await sweep()).toMatchObject({ drained: 501, repeated: 2, undeletable: 0 });
    await kit.db.sql('delete from intents');
  });

  test('ends a direct upload that was never completed whole: rows, objects, and its Idempotency-Key', async () => {
    const [{ id: product = '' } = {}] = await kit.db.sql<{ id: string }>('select gen_random_uuid()::text as id');
    const [{ id: intent = '' } = {}] = await kit.db.sql<{ id: string }>(
      `insert into intents (kind, product_id, prefix, state, expires_at)
        values ('direct', $1, $2, 'open', now() - interval '1 second') returning id`,
      [product, `products/${product}/a/`],
    );
    const key = `products/${product}/a/photo/original.jpg`;
    await kit.put(key as never, Buffer.from('photo'));
    const values = [product, seller.userId, intent];
    await kit.db.sql(
      `insert into direct_uploads (product_id, user_id, intent_id, prompt_text) values ($1, $2, $3, 'a lamp, used')`,
      values,
    );
    await kit.db.sql(
      `insert into direct_upload_images (image_id, product_id, position, is_primary, content_type, file_size_bytes, sha256, key, put_expires_at)
        values (gen_random_uuid(), $1, 0, true, 'image/jpeg', 5, repeat('0', 64), $2, now())`,
      [product, key],
    );
    await kit.db.sql(
      `insert into idempotency_keys (user_id, procedure, key, intent_id, expires_at)
        values ($1, 'uploads.start', 'k', $2, now() + interval '1 day')`,
      [seller.userId, intent],
    );
    expect(await sweep()).toMatchObject({ expired: 1, drained: 1 });
    expect(await kit.keys()).toEqual([]);
    for (const table of ['direct_uploads', 'direct_upload_images', 'idempotency_keys'])
      expect([table, await numberOf(table)]).toEqual([table, 0]);
  });

  test('never touches a committed product, however old it is', async () => {
    const id = await kit.aProduct(seller);
    const keys = await kit.keysOf(id);
    await kit.db.sql(
      "alter table products disable trigger user; update products set created_at = '2001-01-01', updated_at = '2001-01-01'; alter table products enable trigger user",
    );
    await sweep();
    expect((await kit.keys()).sort()).toEqual([...keys].sort());
    expect(await kit.db.sql('select status from products')).toEqual([{ status: 'uploading' }]);
  });

  test('prunes expired Idempotency-Keys, and keeps those that replay or whose holder is at work', async () => {
    const [{ id: open = '' } = {}] = await kit.db.sql<{ id: string }>(
      `insert into intents (kind, prefix, state, expires_at) values ('upload', 'products/x/y/', 'open', now() + interval '1 hour') returning id`,
    );
    await kit.db.sql(
      `insert into idempotency_keys (user_id, procedure, key, intent_id, fingerprint, answer, expires_at) values
        ($1, 'p', 'spent', gen_random_uuid(), repeat('0', 64), '{}', now() - interval '1 second'),
        ($1, 'p', 'replays', gen_random_uuid(), repeat('0', 64), '{}', now() + interval '1 hour'),
        ($1, 'p', 'holder is dead', gen_random_uuid(), null, null, now() - interval '1 second'),
        ($1, 'p', 'holder is at work', $2, null, null, now() - interval '1 second')`,
      [seller.userId, open],
    );
    expect(await sweep()).toMatchObject({ idempotency_keys: 2 });
    const left = await kit.db.sql('select key from idempotency_keys order by key');
    expect(left).toEqual([{ key: 'holder is at work' }, { key: 'replays' }]);
    await kit.db.sql('delete from intents');
  });

  test('prunes realtime tickets when they have expired', async () => {
    await kit.db.sql(
      `insert into realtime_tickets (token_hash, user_id, role, expires_at, token_expires_at) values
        (repeat('a', 64), $1, 'seller', now() - interval '1 second', now()),
        (repeat('b', 64), $1, 'seller', now() + interval '1 minute', now())`,
      [seller.userId],
    );
    expect(await sweep()).toMatchObject({ realtime_tickets: 1 });
    expect(await numberOf('realtime_tickets')).toBe(1);
  });

  test('deletes rows in batches, as many as there are', async () => {
    await kit.db.sql(
      `insert into realtime_tickets (token_hash, user_id, role, expires_at, token_expires_at)
        select lpad(n::text, 64, '0'), $1, 'seller', now(), now() from generate_series(1, 25) n`,
      [seller.userId],
    );
    const tickets = spentRows(kit.db.database.orm, 10).find(({ name }) => name === 'realtime_tickets');
    expect(await tickets?.run(new AbortController().signal)).toEqual({ realtime_tickets: 25 });
    expect(await numberOf('realtime_tickets')).toBe(0);
  });
});

describe('the sessions of a sweep', () => {
  const PAST = "now() - interval '1 second'";

  test('go when their newest refresh token has expired, with every token', async () => {
    const identity = testIdentity(kit.db.database);
    await identity.register('over@example.com');
    await kit.db.sql(`update refresh_tokens set expires_at = ${PAST}`);
    expect(await sweep()).toMatchObject({ sessions: 1 });
    expect([await numberOf('sessions'), await numberOf('refresh_tokens')]).toEqual([0, 0]);
  });

  test('keep a spent token for a month after its time, so that a stolen one still ends them', async () => {
    const identity = testIdentity(kit.db.database);
    const stolen = (await identity.register('alive@example.com')).refresh_token;
    const { refresh_token: good } = await identity.refresh(stolen);
    await kit.db.sql("update refresh_tokens set expires_at = now() - interval '29 days' where spent_at is not null");
    expect(await sweep()).toMatchObject({ sessions: 0, spent_tokens: 0 });
    await expect(identity.refresh(stolen)).rejects.toThrow();
    await expect(identity.refresh(good)).rejects.toThrow(); // its family was revoked
  });

  test('forget a spent token after that: it is refused as one that nobody knows, and they live on', async () => {
    const identity = testIdentity(kit.db.database);
    const old = (await identity.register('years@example.com')).refresh_token;
    const { refresh_token: good } = await identity.refresh(old);
    await kit.db.sql("update refresh_tokens set expires_at = now() - interval '31 days' where spent_at is not null");
    expect(await sweep()).toMatchObject({ sessions: 0, spent_tokens: 1 });
    await expect(identity.refresh(old)).rejects.toThrow('not valid');
    expect((await identity.refresh(good)).refresh_token).toBeString();
  });
});

describe('one sweep', () => {
  const failing = { name: 'broken', run: () => Promise.reject(new Error('out of order')) };
  const fine = { name: 'fine', run: async () => ({ fine: 2 }) };

  test('does every other step when one fails, says which, and counts as failed', async () => {
    const running = kit.upkeep({ sweepSteps: [failing, fine] }).sweep();
    const error = await running.catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(StepsFailed);
    expect(error).toMatchObject({ steps: ['broken'], counts: { fine: 2, sessions: 0 } });
    const [run] = await kit.db.sql('select outcome, counts, error from maintenance_runs order by id desc limit 1');
    expect(run).toMatchObject({ outcome: 'failed', counts: { fine: 2 }, error: expect.stringContaining('broken') });
    expect(kit.logged).toContainEqual({
      fields: { err: expect.any(Error), step: 'broken' },
      message: 'a step of upkeep failed; the others go on',
    });
  });

  test('runs at a time, whichever process asks', async () => {
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = {
      name: 'slow',
      run: async () => {
        begun.resolve();
        await end.promise;
        return {};
      },
    };
    const elsewhere = openTestDatabase(kit.db.url);
    const running = kit.upkeep({ sweepSteps: [slow] }).sweep();
    await begun.promise;
    await expect(kit.upkeep({ database: elsewhere }).sweep()).rejects.toThrow(TaskIsRunning);
    end.resolve();
    expect(await running).toMatchObject({ outcome: 'ok' });
    expect(await kit.upkeep({ database: elsewhere }).sweep()).toMatchObject({ outcome: 'ok' });
    await elsewhere.close();
  });

  test('tells how many of its steps are done, those that failed among them', async () => {
    const told: string[] = [];
    const failing = { name: 'failing', run: () => Promise.reject(new Error('broken')) };
    const running = kit.upkeep({ sweepSteps: [failing] }).sweep(undefined, (done, all) => told.push(`${done}/${all}`));
    await running.catch(() => undefined);
    const all = Number(told[0]?.split('/')[1]);
    expect(all).toBeGreaterThan(1);
    expect(told).toEqual(Array.from({ length: all }, (_, at) => [`${at}/${all}`, `${at + 1}/${all}`]).flat());
  });

  test('that is told to stop does no further step, and is no failure', async () => {
    const stop = new AbortController();
    const run = async () => {
      stop.abort(new Error('stop'));
      return {};
    };
    const stopping = { name: 'stopping', run };
    const never = { name: 'never', run: () => Promise.reject(new Error('was run')) };
    const report = await kit.upkeep({ sweepSteps: [stopping, never] }).sweep(stop.signal);
    expect(report).toMatchObject({ outcome: 'stopped' });
  });
});
