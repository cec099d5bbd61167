import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { quarantineKeyOf } from '../../src/modules/maintenance/domain/quarantine';
import { quarantinedObjects } from '../../src/platform/database/schema';
import { type AuditKit, aPrefix, auditKit } from '../support/audit-kit';

// A restore and a return to an earlier moment lose rows of the quarantine's journal, and a hand in the bucket loses objects.

let kit: AuditKit;
beforeAll(async () => {
  kit = await auditKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.empty());

const journal = () =>
  kit.db.sql<{ key: string; quarantine_key: string; state: string; sha256: string; file_size_bytes: string }>(
    'select * from quarantined_objects order by key collate "C"',
  );

/** As an audit has left it whose database is another one by now. */
async function stranded(content: string, run = 7, key = `${aPrefix()}x/original.jpg` as ObjectKey) {
  const quarantineKey = quarantineKeyOf(run, key) as ObjectKey;
  await kit.put(quarantineKey, Buffer.from(content));
  return { key, quarantineKey };
}

async function held(content: string): Promise<{ key: ObjectKey; quarantineKey: ObjectKey }> {
  const key = await kit.strayObject(content);
  await kit.tasks().audit({ mode: 'act' });
  const row = (await journal()).find((of) => of.key === key);
  return { key, quarantineKey: row?.quarantine_key as ObjectKey };
}

describe('an object in quarantine that no row names', () => {
  test.each(['report', 'act'] as const)('is held anew by an audit to %s: it can be released', async (mode) => {
    const other = await held('of this one');
    const { key, quarantineKey } = await stranded('of another moment');
    const report = await kit.tasks().audit({ mode });
    expect(report.counts).toMatchObject({ stranded: 1, adopted: 1 });
    expect((await journal()).find((row) => row.key === key)).toMatchObject({
      quarantine_key: quarantineKey,
      state: 'held',
      sha256: sha256OfBytes('of another moment'),
      file_size_bytes: '17',
    });
    await kit.tasks().release(key);
    expect(await kit.read(key)).toBe('of another moment');
    expect(await kit.read(other.quarantineKey)).toBe('of this one');
  });

  test('is only counted by an audit that looks', async () => {
    await stranded('x');
    const { counts } = await kit.tasks().audit({ mode: 'look' });
    expect(counts).toMatchObject({ stranded: 1 });
    expect(counts).not.toHaveProperty('adopted');
    expect(await journal()).toEqual([]);
  });

  test('is not adopted by an audit to report of a database that does not know the bucket, nor by one that takes it up', async () => {
    await Promise.all([kit.strayObject('a photo'), kit.strayObject('of another'), kit.strayObject('database')]);
    const { quarantineKey } = await stranded('theirs');
    let heads = 0;
    const head = async (key: ObjectKey) => {
      heads += 1;
      if (heads === 3) throw new Error('killed');
      return await kit.store.head(key);
    };
    const config = { brakeMin: 2, maxShare: 0 };
    await expect(kit.tasks({ config, store: { head } }).audit({ mode: 'report' })).rejects.toThrow('killed');
    for (const which of ['taken up', 'anew']) {
      const { counts } = await kit.tasks({ config }).audit({ mode: 'report' });
      expect([which, counts]).toEqual([which, expect.objectContaining({ brake: 1, stranded: 1, orphan: 3 })]);
      expect(counts).not.toHaveProperty('adopted');
      expect(await journal()).toEqual([]);
    }
    expect(await kit.keys()).toContain(quarantineKey);
  });

  test('is not adopted by whoever has lost the lock meanwhile', async () => {
    const { quarantineKey } = await stranded('x');
    const known = await kit.store.head(quarantineKey);
    const [lost, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const head = async () => {
      await kit.db.sql(
        `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
          and (classid::bigint << 32 | objid::bigint) = hashtextextended('intellipost maintenance quarantine', 0)
          and database = (select oid from pg_database where datname = current_database())`,
      );
      await lost.promise;
      setImmediate(answered.resolve); // behind whatever goes on at once
      return known;
    };
    const inserted: unknown[] = [];
    const orm = new Proxy(kit.db.database.orm, {
      get: (from, name) => {
        const value = Reflect.get(from, name, from) as unknown;
        if (typeof value !== 'function') return value;
        if (name !== 'insert') return value.bind(from);
        return (table: unknown) => {
          inserted.push(table);
          return value.call(from, table) as unknown;
        };
      },
    });
    const database = Object.create(kit.db.database, { orm: { value: orm } });
    const failed = kit.tasks({ database, store: { head } }).audit({ mode: 'report' });
    await expect(failed).rejects.toThrow('the connection that held the lock of the task was lost');
    lost.resolve();
    await answered.promise;
    expect(inserted).not.toContain(quarantinedObjects);
    expect(await journal()).toEqual([]);
  });

  test('expires as if it had been put there when it was found', async () => {
    const { quarantineKey } = await stranded('old');
    await kit.tasks().audit({ mode: 'report' });
    const { quarantineExpiry } = kit.tasks();
    const { signal } = new AbortController();
    expect(await quarantineExpiry.run(signal)).toEqual({ quarantined_objects: 0 });
    await kit.db.sql("update quarantined_objects set quarantined_at = now() - interval '2 hours'");
    expect(await quarantineExpiry.run(signal)).toEqual({ quarantined_objects: 1 });
    expect(await kit.keys()).not.toContain(quarantineKey);
  });

  test('waits while another one of its key is held, and is found again when that has gone', async () => {
    const first = await stranded('first', 3);
    const second = await stranded('second', 4, first.key);
    expect((await kit.tasks().audit({ mode: 'act' })).counts).toMatchObject({ stranded: 2, adopted: 1 });
    const [adopted] = await journal();
    const other = [first, second].find(({ quarantineKey }) => quarantineKey !== adopted?.quarantine_key);
    await kit.db.sql("update quarantined_objects set quarantined_at = now() - interval '2 hours'");
    await kit.tasks().quarantineExpiry.run(new AbortController().signal);
    expect((await kit.tasks().audit({ mode: 'act' })).counts).toMatchObject({ stranded: 1, adopted: 1 });
    expect(await journal()).toMatchObject([{ quarantine_key: other?.quarantineKey }]);
  });

  test('stays as it is where it is not this software’s, and where it can’t be read', async () => {
    const foreign = 'quarantine/notes/of/somebody.txt' as ObjectKey;
    await kit.put(foreign, Buffer.from('x'));
    const { quarantineKey } = await stranded('damaged');
    const head = (key: ObjectKey) =>
      key === quarantineKey ? Promise.reject(new AppError('STORAGE_UNAVAILABLE')) : kit.store.head(key);
    const report = await kit.tasks({ store: { head } }).audit({ mode: 'act' });
    expect(report).toMatchObject({ outcome: 'ok', counts: { stranded: 2, unreadable: 1 } });
    expect(await journal()).toEqual([]);
    expect(await kit.keys()).toEqual([quarantineKey, foreign].sort());
  });

  test('of more than one page is found, and none that has a row is taken for one', async () => {
    const values = Array.from({ length: 1100 }, (_, at) => `products/${String(at).padStart(5, '0')}/a.jpg`);
    await kit.db.sql(
      `insert into quarantined_objects (key, quarantine_key, file_size_bytes, state, reason)
        select key, 'quarantine/1/' || key, 1, 'held', 'x' from unnest($1::text[]) key`,
      [values],
    );
    const { quarantineKey } = await stranded('one', 1, 'products/00500/b.jpg' as ObjectKey);
    async function* list(prefix: unknown) {
      if (prefix !== 'quarantine/') return;
      const keys = [...values.map((key) => `quarantine/1/${key}`), quarantineKey].sort();
      for (const key of keys) yield { key: key as ObjectKey, sizeBytes: 1, lastModified: new Date(0) };
    }
    const { counts } = await kit.tasks({ store: { list } }).audit({ mode: 'look' });
    expect(counts).toEqual({ stranded: 1 });
  });
});

describe('a row whose object is gone from quarantine', () => {
  test('is counted by an audit that looks, and ended by one that acts', async () => {
    const [gone, there] = [await held('gone'), await held('there')];
    await kit.store.deleteMany([gone.quarantineKey]);
    expect((await kit.tasks().audit({ mode: 'look' })).counts).toMatchObject({ quarantine_lost: 1 });
    expect(await journal()).toHaveLength(2);
    expect((await kit.tasks().audit({ mode: 'act' })).counts).toMatchObject({ quarantine_lost: 1 });
    expect(await journal()).toMatchObject([{ key: there.key, state: 'held' }]);
  });

  test('stays while its object is on its way', async () => {
    const { key, quarantineKey } = await held('moving');
    await kit.store.deleteMany([quarantineKey]);
    await kit.db.sql("update quarantined_objects set state = 'expiring'");
    const { counts } = await kit.tasks().audit({ mode: 'act' });
    expect(counts).not.toHaveProperty('quarantine_lost');
    expect(await journal()).toMatchObject([{ key, state: 'expiring' }]);
  });
});
