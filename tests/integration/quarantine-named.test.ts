import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { quarantineKeyOf } from '../../src/modules/maintenance/domain/quarantine';
import { type AuditKit, auditKit } from '../support/audit-kit';

// Rows may be away for a while (a restore to an earlier day, another database): what an audit has moved meanwhile is theirs again when
// they are back, and lies nowhere else.

let kit: AuditKit;
beforeAll(async () => {
  kit = await auditKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.empty());

const { signal } = new AbortController();

/** The original of a product, as an audit of that time has left it. */
async function movedOriginal(state: 'held' | 'expiring' | 'releasing' = 'held') {
  const moved = await strandedOriginal();
  const head = await kit.store.head(moved.quarantineKey);
  await kit.db.sql(
    `insert into quarantined_objects (key, quarantine_key, file_size_bytes, sha256, reason, state, quarantined_at)
      values ($1, $2, $3, $4, 'a test', $5, now() - interval '2 hours')`,
    [moved.key, moved.quarantineKey, head?.sizeBytes, head?.sha256, state],
  );
  return moved;
}

/** And the journal has lost its row of it. */
async function strandedOriginal() {
  const keys = await kit.keysOf(await kit.aProduct(await kit.seller(), 1));
  const key = keys.find((of) => of.includes('/original.')) as ObjectKey;
  const quarantineKey = quarantineKeyOf(3, key) as ObjectKey;
  await kit.store.copy(key, quarantineKey);
  await kit.store.deleteMany([key]);
  return { key, quarantineKey };
}

const damaged = () => kit.db.sql('select 1 from product_images where damaged_at is not null');

describe('an object in quarantine whose key a row names', () => {
  test.each(['held', 'expiring'] as const)('is not deleted by its age, whatever becomes of it (%s)', async (state) => {
    const { key, quarantineKey } = await movedOriginal(state);
    const { quarantineExpiry } = kit.tasks();
    expect(await quarantineExpiry.preview()).toEqual({ quarantined_objects: 0, still_named: 1 });
    const since = () => kit.db.sql('select quarantined_at from quarantined_objects');
    const before = await since();
    expect(await quarantineExpiry.run(signal)).toEqual({ quarantined_objects: 0, still_named: 1 });
    expect(await kit.keys()).toContain(quarantineKey);
    expect([await kit.journal(), await since()]).toEqual([[{ key, state: 'held' }], before]);
  });

  test('is not deleted either where its row came back after it was claimed, and goes when the row has gone', async () => {
    const { quarantineKey } = await movedOriginal();
    const namesOf = async (keys: readonly ObjectKey[]) => {
      const claimed = await kit.db.sql("select 1 from quarantined_objects where state = 'expiring'");
      return claimed.length === 0 ? new Map() : await kit.storage.namesOf(keys);
    };
    const kept = await kit.tasks({ namesOf }).quarantineExpiry.run(signal);
    expect(kept).toEqual({ quarantined_objects: 0, still_named: 1 });
    expect(await kit.keys()).toContain(quarantineKey);
    await kit.db.sql('delete from users; delete from intents');
    expect(await kit.tasks().quarantineExpiry.run(signal)).toEqual({ quarantined_objects: 1 });
    expect(await kit.keys()).not.toContain(quarantineKey);
  });

  test.each([
    ['report', 'held'],
    ['act', 'held'],
    ['report', 'releasing'],
  ] as const)('is brought back by an audit to %s (%s), and its image is not damaged', async (mode, state) => {
    const { key } = await movedOriginal(state);
    const { counts } = await kit.tasks().audit({ mode });
    expect(counts).toMatchObject({ missing: 1, brought_back: 1, cleared: 1 });
    expect(await kit.findings()).toEqual({ [key]: 'missing cleared' });
    expect(await kit.store.head(key)).not.toBeNull();
    expect([await kit.journal(), await damaged()]).toEqual([[{ key, state: 'released' }], []]);
  });

  test('is left there by an audit that looks', async () => {
    const { key } = await movedOriginal();
    await kit.tasks().audit({ mode: 'look' });
    expect([await kit.journal(), await kit.store.head(key)]).toEqual([[{ key, state: 'held' }], null]);
  });

  test('stays, and its image is damaged, where it is not what was moved', async () => {
    const { key, quarantineKey } = await movedOriginal();
    await kit.replace(quarantineKey, Buffer.from('other bytes'));
    const { counts } = await kit.tasks().audit({ mode: 'report' });
    expect(counts).toMatchObject({ missing: 1, reported: 1, damaged: 1 });
    expect(counts).not.toHaveProperty('brought_back');
    expect(await kit.journal()).toEqual([{ key, state: 'held' }]);
  });

  test.each(['report', 'act'] as const)('is brought back though the journal has lost it (%s)', async (mode) => {
    const { key } = await strandedOriginal();
    const { counts } = await kit.tasks().audit({ mode });
    expect(counts).toMatchObject({ stranded: 1, adopted: 1, brought_back: 1, missing: 1, cleared: 1 });
    expect(await kit.store.head(key)).not.toBeNull();
    expect([await kit.journal(), await damaged()]).toEqual([[{ key, state: 'released' }], []]);
  });
});
