import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { ObjectsNotDeleted } from '../../src/kernel/objects-not-deleted';
import type { Seller } from '../../src/kernel/principal';
import type { BackupId } from '../../src/modules/backup/domain/layout';
import { manifestFile } from '../../src/modules/backup/infrastructure/manifest-file';
import { type BackupKit, backupKit, instead } from '../support/backup-kit';
import { pruneKit } from '../support/prune-kit';

let kit: BackupKit;
let seller: Seller;

beforeAll(async () => {
  kit = await backupKit();
  seller = await kit.seller();
}, 60_000);
afterAll(() => kit.stop());
const empty = async () => {
  await kit.db.sql('delete from products');
  await kit.storage.sweep();
  await kit.target.deleteMany(await kit.targetKeys());
};
beforeEach(empty);

const { inTwoDays, newProduct, threeBackups } = pruneKit(
  () => kit,
  () => seller,
);

/** One whose snapshot is so many months old. */
async function backupOf(monthsAgo: number): Promise<BackupId> {
  const manifest = await kit.backup();
  const snapshotAt = new Date(manifest.snapshotAt.getTime() - monthsAgo * 31 * 86_400_000);
  const file = manifestFile.write({ ...manifest, snapshotAt });
  await kit.overwrite(`backups/${manifest.backupId}/manifest` as ObjectKey, Buffer.from(file));
  return manifest.backupId;
}

const verified = (id: BackupId) => kit.parts().verify({ id, share: 1 });
const idsLeft = async () => (await kit.parts().listed()).map(({ id }) => id);

describe('prune', () => {
  test('keeps the last of the day and the newest verified one, and of the objects those that they name', async () => {
    const [first, second, third] = await threeBackups();
    await verified(first);
    const dry = await kit.parts({ target: inTwoDays() }).prune(true);
    expect(dry.counts).toMatchObject({ backups_would_go: 1, objects_would_go: 1 });
    expect(await idsLeft()).toEqual([first, second, third]);
    const report = await kit.parts({ target: inTwoDays() }).prune(false);
    expect(report.counts).toMatchObject({ backups_removed: 1, objects_removed: 1, objects: 4 });
    expect(await idsLeft()).toEqual([first, third]);
    expect(await kit.targetKeys(`backups/${second}`)).toEqual([]);
    for (const id of [first, third]) expect((await verified(id)).outcome).toBe('ok');
  }, 60_000);

  test('leaves alone what is younger than a day', async () => {
    const ids = await threeBackups();
    await kit.parts().prune(false);
    expect(await idsLeft()).toEqual(ids);
    // the backups are old and go, their objects are young and stay
    await kit.parts({ target: inTwoDays(['backups/']) }).prune(false);
    expect(await idsLeft()).toEqual([ids[2]]);
    expect(await kit.targetKeys('objects/')).toHaveLength(4);
  }, 60_000);

  test('leaves alone what a pending backup names, and removes one that died a day ago', async () => {
    const [first] = await threeBackups();
    const pending = Bun.randomUUIDv7();
    const [segment] = (await kit.reading.open(first)).manifest.objects.list.segments;
    await kit.overwrite(`backups/${pending}/manifest.pending` as ObjectKey, Buffer.from('now\n'));
    await kit.overwrite(`backups/${pending}/objects/000001` as ObjectKey, await kit.stored(segment!.key));
    const young = instead(inTwoDays(), {
      async *list(prefix, after) {
        for await (const object of inTwoDays().list(prefix, after))
          yield object.key.includes(pending) ? { ...object, lastModified: new Date() } : object;
      },
    });
    const report = await kit.parts({ target: young }).prune(false);
    expect(report.counts).toMatchObject({ backups_removed: 2, backups_pending: 1, objects_removed: 1 });
    const later = await kit.parts({ target: inTwoDays() }).prune(false);
    expect(later.counts).toMatchObject({ backups_removed: 1, objects_removed: 1 });
    expect(await kit.targetKeys(`backups/${pending}`)).toEqual([]);
  }, 60_000);

  test('stops before the first deletion where too much would go', async () => {
    await threeBackups();
    for (let at = 0; at < 101; at += 1) {
      const name = Bun.SHA256.hash(String(at), 'hex');
      await kit.overwrite(`objects/${name.slice(0, 2)}/${name}` as ObjectKey, Buffer.from(`${at}`));
    }
    const before = await kit.targetKeys();
    await expect(kit.parts({ target: inTwoDays() }).prune(false)).rejects.toThrow('103 of 105 stored objects would go');
    expect(withoutLease(await kit.targetKeys())).toEqual(withoutLease(before));
    await kit.parts({ target: inTwoDays(), config: { maxShare: 1 } }).prune(false);
    expect(await kit.targetKeys('objects/')).toHaveLength(2);
  }, 60_000);

  test('keeps the newest that was read as a whole, and the newest that was read in part', async () => {
    const [first, second, third] = await threeBackups();
    await verified(first);
    await kit.parts().verify({ id: second, share: 0 });
    await kit.parts({ target: inTwoDays() }).prune(false);
    expect(await idsLeft()).toEqual([first, second, third]);
    await verified(second);
    await kit.parts({ target: inTwoDays() }).prune(false);
    expect(await idsLeft()).toEqual([second, third]);
  }, 60_000);

  test('stops before the first deletion where a policy would take many days, however few objects go', async () => {
    await newProduct();
    const ids: BackupId[] = [];
    for (const monthsAgo of [8, 7, 6, 5, 4, 3, 2, 0]) ids.push(await backupOf(monthsAgo));
    const mistyped = { policy: { daily: 1, weekly: 1, monthly: 0 } };
    await expect(kit.parts({ target: inTwoDays(), config: mistyped }).prune(false)).rejects.toThrow(
      '7 days would have no backup any more, more than 5 (BACKUP_PRUNE_MAX_DAYS)',
    );
    expect(await idsLeft()).toEqual(ids);
    await kit.parts({ target: inTwoDays(), config: { ...mistyped, maxDays: 7 } }).prune(false);
    expect(await idsLeft()).toEqual(ids.slice(-1));
  }, 60_000);

  test('that comes late takes as many days more as were made meanwhile, and no others', async () => {
    await newProduct();
    const ids: BackupId[] = [];
    for (const monthsAgo of [8, 7, 6, 5, 4, 3, 2, 0]) ids.push(await backupOf(monthsAgo));
    const late = { target: inTwoDays(), config: { policy: { daily: 1, weekly: 1, monthly: 0 } } };
    const prunedBefore = (monthsAgo: number) => async () => new Date(Date.now() - monthsAgo * 31 * 86_400_000);
    await expect(kit.parts({ ...late, lastPrunedAt: prunedBefore(2.5) }).prune(false)).rejects.toThrow(
      '7 days would have no backup any more, more than 5 (BACKUP_PRUNE_MAX_DAYS), and 1 for those that were made since',
    );
    expect(await idsLeft()).toEqual(ids);
    await kit.parts({ ...late, lastPrunedAt: prunedBefore(3.5) }).prune(false);
    expect(await idsLeft()).toEqual(ids.slice(-1));
  }, 60_000);

  test('goes on around an object that the target keeps, and fails at the end', async () => {
    const [, , third] = await threeBackups();
    const keep = (isKept: (key: ObjectKey) => boolean) => {
      const target = inTwoDays();
      return instead(target, {
        deleteMany: async (keys) => {
          const kept = keys.filter(isKept);
          await target.deleteMany(keys.filter((key) => !kept.includes(key)));
          if (kept.length > 0) throw new ObjectsNotDeleted(kept, 'locked');
        },
      });
    };
    const last = async () =>
      (await kit.db.sql<{ counts: object }>('select counts from maintenance_runs order by id desc limit 1'))[0]?.counts;
    const before = await kit.targetKeys('objects/');
    // what a backup names that could not be removed stays with it
    const manifests = keep((key) => key.endsWith('/manifest'));
    await expect(kit.parts({ target: manifests }).prune(false)).rejects.toBeInstanceOf(ObjectsNotDeleted);
    expect(await last()).toMatchObject({ backups_removed: 0, objects_removed: 0, undeletable: 2 });
    expect(await kit.targetKeys('objects/')).toEqual(before);
    let locked: ObjectKey | undefined;
    const oneObject = keep((key) => {
      if (locked === undefined && key.startsWith('objects/')) locked = key;
      return key === locked;
    });
    await expect(kit.parts({ target: oneObject }).prune(false)).rejects.toBeInstanceOf(ObjectsNotDeleted);
    expect(await last()).toMatchObject({ backups_removed: 2, objects_removed: 1, undeletable: 1 });
    expect([await idsLeft(), (await kit.targetKeys('objects/')).length]).toEqual([[third], 3]);
  }, 60_000);

  test('tidies up what others could not delete: their clocks, and marks of what is not under way any more', async () => {
    const { backupId } = await kit.backup();
    const pending = `backups/${backupId}/manifest.pending` as ObjectKey;
    const clock = `lease/clock/${Bun.randomUUIDv7()}` as ObjectKey;
    await kit.overwrite(pending, Buffer.from('then\n'));
    await kit.overwrite(clock, Buffer.from('then\n'));
    await kit.parts().prune(false);
    expect(await kit.targetKeys()).toEqual(expect.arrayContaining([pending, clock]));
    await kit.parts({ target: inTwoDays(['backups/', 'lease/clock/']) }).prune(false);
    const left = await kit.targetKeys();
    expect(left.filter((key) => key === pending || key === clock)).toEqual([]);
    expect((await verified(backupId)).outcome).toBe('ok');
  }, 60_000);

  test('loses its lease: nothing more is deleted', async () => {
    await threeBackups();
    const target = inTwoDays();
    const robbed = instead(target, {
      async *list(prefix, after) {
        if (prefix.startsWith('objects/')) {
          const top = Number((await kit.targetKeys('lease/chain/')).at(-1)!.slice(-12));
          const next = `lease/chain/${String(top + 1).padStart(12, '0')}` as ObjectKey;
          await kit.overwrite(next, Buffer.from('backup; for 60 s; somebody'));
        }
        yield* target.list(prefix, after);
      },
    });
    await expect(kit.parts({ target: robbed }).prune(false)).rejects.toThrow('lease on the target was lost');
    expect(await idsLeft()).toHaveLength(3);
    expect(await kit.targetKeys('objects/')).toHaveLength(4);
  }, 60_000);
});

function withoutLease(keys: readonly ObjectKey[]): ObjectKey[] {
  return keys.filter((key) => !key.startsWith('lease/'));
}

/** From the call on, nothing answers any more: so it looks to everybody else when a process is killed. */
class MortalTarget {
  calls = 0;
  constructor(
    private readonly target: BackupKit['target'],
    private readonly diesAt: number,
  ) {}

  get store(): BackupKit['target'] {
    const call = () => {
      this.calls += 1;
      if (this.calls >= this.diesAt) throw new Error('killed');
    };
    return instead(this.target, {
      put: async (...args) => {
        call();
        await this.target.put(...args);
      },
      get: async (...args) => {
        call();
        return await this.target.get(...args);
      },
      head: async (...args) => {
        call();
        return await this.target.head(...args);
      },
      deleteMany: async (...args) => {
        call();
        await this.target.deleteMany(...args);
      },
    });
  }
}

/** Whoever is dead soon knows it. */
const SOON_OVER = { leaseSeconds: 3 };
/** A lease that nobody renews is over when its time is; here it is over now. */
const freeLease = async () => kit.target.deleteMany(await kit.targetKeys('lease/'));

describe('killed half way', () => {
  test('a backup leaves no manifest, or a whole one; the next one is whole, and prune removes what is left', async () => {
    await newProduct();
    await newProduct();
    let died = 0;
    for (let call = 3; ; call += 3) {
      const mortal = new MortalTarget(kit.target, call);
      const dead = { free: async () => undefined };
      const pins = instead(kit.storage.pins, dead);
      const outcome = await kit.backup({ target: mortal.store, pins, config: SOON_OVER }).catch(() => null);
      await kit.db.sql("update backup_pins set expires_at = now() - interval '1 second'");
      await freeLease();
      for (const id of await idsLeft()) expect((await verified(id)).outcome).toBe('ok');
      if (outcome) break;
      died += 1;
    }
    expect(died).toBeGreaterThan(5);
    expect((await verified((await kit.backup()).backupId)).outcome).toBe('ok');
    await kit.parts({ target: inTwoDays() }).prune(false);
    const left = new Set((await kit.targetKeys('backups/')).map((key) => key.split('/')[1]));
    expect([...left].sort()).toEqual([...(await idsLeft())].sort() as string[]);
    await kit.storage.freeLostHeld();
    expect(await kit.db.sql('select 1 from backup_pins')).toEqual([]);
  }, 120_000);

  test('a prune leaves whole backups, and the next one ends its work', async () => {
    let died = 0;
    for (let call = 4; ; call += 3) {
      await empty();
      const [first, , third] = await threeBackups();
      await verified(first);
      const mortal = new MortalTarget(inTwoDays(), call);
      const outcome = await kit
        .parts({ target: mortal.store, config: SOON_OVER })
        .prune(false)
        .catch(() => null);
      await freeLease();
      for (const id of await idsLeft()) expect((await verified(id)).outcome).toBe('ok');
      await kit.parts({ target: inTwoDays() }).prune(false);
      expect((await idsLeft()).filter((id) => id !== first)).toEqual([third]);
      expect(await kit.targetKeys('objects/')).toHaveLength((await idsLeft()).length + 1);
      if (outcome) break;
      died += 1;
    }
    expect(died).toBeGreaterThan(2);
  }, 180_000);
});
