import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import type { KeyPrefix, ObjectKey } from '../../src/kernel/object-key';
import { AuditBrake } from '../../src/modules/maintenance';
import { type AuditKit, aPrefix, auditKit } from '../support/audit-kit';

function pick(keys: readonly ObjectKey[], ...kinds: string[]): (ObjectKey | undefined)[] {
  return kinds.map((kind) => keys.find((key) => key.includes(`/${kind}.`)));
}

const isOfProducts = (prefix: KeyPrefix) => String(prefix) === 'products/';

describe('an audit', () => {
  let kit: AuditKit;
  beforeAll(async () => {
    kit = await auditKit();
  }, 60_000);
  afterAll(() => kit.stop());
  beforeEach(() => kit.empty());

  test('stops before it touches anything where too many objects have no row', async () => {
    const orphans = [await kit.strayObject(), await kit.strayObject(), await kit.strayObject()].sort();
    const [seller, config] = [await kit.seller(), { brakeMin: 2, maxShare: 0.5 }];
    const act = (change = {}) => kit.tasks({ config: { ...config, ...change } }).audit({ mode: 'act' });
    await expect(act()).rejects.toThrow(AuditBrake);
    expect(await kit.keys()).toEqual(orphans);
    expect(await kit.db.sql("select outcome, cursor from maintenance_runs where task = 'audit'")).toEqual([
      { outcome: 'failed', cursor: null },
    ]);
    await kit.aProduct(seller); // 5 objects more: three are less than half
    expect((await act()).counts).toMatchObject({ quarantined: 3 });
  });

  test.each(['report', 'act'] as const)('calls no image damaged where too many objects are gone (%s)', async (mode) => {
    await kit.aProduct(await kit.seller(), 3);
    await kit.store.deleteMany((await kit.keys()) as ObjectKey[]); // another bucket than the rows'
    const orphan = await kit.strayObject();
    const config = { brakeMin: 2 };
    await expect(kit.tasks({ config }).audit({ mode })).rejects.toThrow('6 of 6 rows name no object');
    expect(await kit.keys()).toEqual([orphan]);
    expect(await kit.db.sql('select 1 from product_images where damaged_at is not null')).toEqual([]);
  });

  test.each(['report', 'act'] as const)(
    'calls no image damaged where the store has nothing at all (%s)',
    async (mode) => {
      await kit.aProduct(await kit.seller(), 1); // fewer rows than the brake lets pass
      await kit.store.deleteMany((await kit.keys()) as ObjectKey[]);
      await expect(kit.tasks().audit({ mode })).rejects.toThrow(AuditBrake);
      expect(await kit.db.sql('select 1 from product_images where damaged_at is not null')).toEqual([]);
    },
  );

  describe('that died on its way', () => {
    const keys = Array.from({ length: 2500 }, (_, at) => `products/${String(at).padStart(5, '0')}/a.jpg` as ObjectKey);
    const listing = (dies: boolean, asked: (string | undefined)[]) =>
      async function* (prefix: KeyPrefix, after?: ObjectKey) {
        if (!isOfProducts(prefix)) return;
        asked.push(after);
        for (const key of keys) {
          if (after !== undefined && key <= after) continue;
          if (dies && key === keys[2200]) throw new Error('killed');
          yield { key, sizeBytes: 1, lastModified: new Date(0) };
        }
      };

    test('is taken up behind its last page by the next, which finds all that both of them saw', async () => {
      const asked: (string | undefined)[] = [];
      await expect(kit.tasks({ store: { list: listing(true, asked) } }).audit({ mode: 'look' })).rejects.toThrow(
        'killed',
      );
      const report = await kit.tasks({ store: { list: listing(false, asked) } }).audit({ mode: 'look' });
      expect(asked).toEqual([undefined, keys[1999]]);
      expect(report.counts).toMatchObject({ objects: 2500, orphan: 2500 });
      expect(Object.keys(await kit.findings())).toEqual(keys);
    });

    test.each([
      ['fresh', { fresh: true }],
      ['deeper', { deep: true }],
    ])('is not taken up by one that is %s', async (_, change) => {
      const asked: (string | undefined)[] = [];
      await kit
        .tasks({ store: { list: listing(true, asked) } })
        .audit({ mode: 'look' })
        .catch(() => undefined);
      await kit.tasks({ store: { list: listing(false, asked) } }).audit({ mode: 'look', ...change });
      expect(asked).toEqual([undefined, undefined]);
    });
  });

  describe('that died behind its walk', () => {
    const dies = (mode: 'report' | 'act') => {
      const head = () => Promise.reject(new Error('killed'));
      return kit
        .tasks({ store: { head } })
        .audit({ mode })
        .catch(() => undefined);
    };

    test.each([
      ['report', 'look'],
      ['act', 'look'],
      ['report', 'act'],
      ['act', 'report'],
    ] as const)('to %s is not taken up by one to %s, which looks for itself', async (died, next) => {
      await kit.strayObject();
      await dies(died);
      await kit.strayObject('since then');
      const report = await kit.tasks().audit({ mode: next });
      expect(report.counts).toMatchObject({ objects: 2, orphan: 2 });
    });

    test('is not taken up any more when one has begun anew', async () => {
      await kit.strayObject();
      await dies('act');
      expect((await kit.tasks().audit({ mode: 'act', fresh: true })).counts).toMatchObject({ quarantined: 1 });
      const since = await kit.strayObject('since then');
      expect((await kit.tasks().audit({ mode: 'act' })).counts).toMatchObject({ objects: 1, quarantined: 1 });
      expect(await kit.keys()).not.toContain(since);
    });

    test('is taken up there by one of the same mode', async () => {
      await kit.strayObject();
      await dies('act');
      const list = (prefix: KeyPrefix) => {
        if (isOfProducts(prefix)) throw new Error('it walks again');
        return kit.store.list(prefix);
      };
      expect((await kit.tasks({ store: { list } }).audit({ mode: 'act' })).counts).toMatchObject({
        objects: 1,
        quarantined: 1,
      });
    });
  });

  test('passes by objects that alone can’t be read, and says so', async () => {
    const orphans = [await kit.strayObject(), await kit.strayObject()].sort();
    const id = await kit.aProduct(await kit.seller(), 1);
    const [original] = pick(await kit.keysOf(id), 'original');
    const broken = new Set([orphans[0], original]);
    const head = async (key: ObjectKey) => {
      if (broken.has(key)) throw new AppError('STORAGE_UNAVAILABLE');
      return await kit.store.head(key);
    };
    const get = async (key: ObjectKey) => {
      if (broken.has(key)) throw new AppError('STORAGE_UNAVAILABLE');
      return await kit.store.get(key);
    };
    const audit = kit.tasks({ store: { head, get } }).audit;
    const everyRow = { mode: 'act', deep: true } as const;
    const report = await audit(everyRow);
    expect(report).toMatchObject({ outcome: 'ok', counts: { unreadable: 2, quarantined: 1 } });
    expect(await kit.findings()).toEqual({
      [orphans[0]!]: 'orphan reported',
      [orphans[1]!]: 'orphan quarantined',
    });
    const away = async () => Promise.reject(new AppError('STORAGE_UNAVAILABLE'));
    const withoutStore = kit.tasks({ store: { head, get, check: away } }).audit(everyRow);
    await expect(withoutStore).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  test('that is told to stop does so after a page', async () => {
    const stop = new AbortController();
    async function* list() {
      for (let at = 0; ; at += 1) {
        if (at === 1500) stop.abort(new Error('the server stops'));
        yield { key: `products/${String(at).padStart(9, '0')}` as ObjectKey, sizeBytes: 1, lastModified: new Date(0) };
      }
    }
    const report = await kit.tasks({ store: { list } }).audit({ mode: 'look', signal: stop.signal });
    expect(report).toMatchObject({ outcome: 'stopped', counts: { objects: 2000 } });
  });

  test.each(['look', 'report'] as const)('tells whoever lets it %s what would stop one that acts', async (mode) => {
    const orphans = [await kit.strayObject(), await kit.strayObject(), await kit.strayObject()].sort();
    const audit = (brakeMin: number) => kit.tasks({ config: { brakeMin, maxShare: 0.5 } }).audit({ mode });
    const report = await audit(2);
    expect(report.wouldStop?.why).toContain('3 of 3 objects have no row; more than 2');
    expect(report).toMatchObject({ outcome: 'ok', counts: { orphan: 3, brake: 1 } });
    expect(await kit.keys()).toEqual(orphans);
    const well = await audit(3);
    expect([well.wouldStop, well.counts.brake]).toEqual([null, undefined]);
  });

  test('tells whoever only looks that too many rows have lost their objects', async () => {
    await kit.aProduct(await kit.seller(), 3);
    await kit.store.deleteMany((await kit.keys()) as ObjectKey[]);
    const report = await kit.tasks({ config: { brakeMin: 2 } }).audit({ mode: 'look' });
    expect(report.wouldStop?.why).toContain('6 of 6 rows name no object');
  });

  test('of a bucket whose database has no account is stopped, however few its objects are', async () => {
    const key = await kit.strayObject();
    await kit.db.sql('delete from users');
    await expect(kit.tasks().audit({ mode: 'act' })).rejects.toThrow('the database no account');
    expect(await kit.keys()).toEqual([key]);
    expect((await kit.tasks().audit({ mode: 'report' })).wouldStop?.why).toContain('more than 0');
  });

  test('that takes long does not move what was too young for its brake when it began', async () => {
    const [first, second] = [await kit.strayObject(), await kit.strayObject()].sort() as [ObjectKey, ObjectKey];
    const days = 24 * 60 * 60 * 1000;
    let now = Date.now() + days - 60_000; // a minute later both were old enough
    const head = async (key: ObjectKey) => {
      now += days;
      return await kit.store.head(key);
    };
    const config = { minAgeSeconds: days / 1000, brakeMin: 0, maxShare: 0 };
    const report = await kit.tasks({ store: { head }, config, clock: () => new Date(now) }).audit({ mode: 'act' });
    expect(report.counts).toMatchObject({ orphan: 2, young: 2 });
    expect(await kit.keys()).toEqual([first, second]);
  });

  test('reads nothing of a disk for a sample, and each object once when it looks deeply', async () => {
    await kit.aProduct(await kit.seller(), 1);
    const read: ObjectKey[] = [];
    const get = async (key: ObjectKey) => {
      read.push(key);
      return await kit.store.get(key);
    };
    const head = () => Promise.reject(new Error('a disk reads an object for that'));
    const { audit } = kit.tasks({ store: { get, head }, config: { sampleShare: 1 } });
    await audit({ mode: 'report' });
    expect(read).toEqual([]);
    await audit({ mode: 'report', deep: true });
    const digested = (await kit.keys()).filter((key) => !key.includes('/processed.')); // of these a row has the digest
    expect(read.sort()).toEqual(digested.sort() as ObjectKey[]);
    expect(await kit.findings()).toEqual({});
  });

  test('looks again before it acts: what is named, gone or changed by then is left alone', async () => {
    const named = await kit.strayObject('named meanwhile');
    const gone = await kit.strayObject('gone meanwhile');
    const changed = await kit.strayObject('changed meanwhile');
    const wasFound = Promise.withResolvers<void>();
    let heads = 0;
    const head = async (key: ObjectKey) => {
      heads += 1;
      if (heads === 1) {
        await kit.db.sql(
          "insert into intents (kind, prefix, state, expires_at) values ('upload', $1, 'open', now() + interval '1 hour')",
          [named],
        );
        await kit.store.deleteMany([gone]);
        await kit.replace(changed, Buffer.from('other bytes'));
        wasFound.resolve();
      }
      return await kit.store.head(key);
    };
    const report = await kit.tasks({ store: { head } }).audit({ mode: 'act' });
    await wasFound.promise;
    expect(await kit.findings()).toEqual({
      [named]: 'orphan cleared',
      [gone]: 'orphan cleared',
      [changed]: 'orphan reported',
    });
    expect(report.counts).toMatchObject({ orphan: 3, cleared: 2, reported: 1 });
    expect(await kit.keys()).toEqual([named, changed].sort());
  });

  test('is not ended by a key that only looks like one of ours', async () => {
    const key = `products/${'-'.repeat(36)}/a.jpg` as ObjectKey;
    await kit.put(key, Buffer.from('x'));
    expect((await kit.tasks().audit({ mode: 'look' })).counts).toMatchObject({ orphan: 1 });
  });

  test('leaves an object whose key no store could hold in quarantine where it is', async () => {
    const long = `${aPrefix()}${'a/'.repeat(460)}original.jpg` as ObjectKey;
    await kit.put(long, Buffer.from('x'));
    const report = await kit.tasks().audit({ mode: 'act' });
    expect(report.counts).toMatchObject({ orphan: 1, reported: 1 });
    expect(await kit.keys()).toEqual([long]);
  });
});
