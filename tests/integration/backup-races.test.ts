import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import { newId, type ProductId } from '../../src/kernel/ids';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { Seller } from '../../src/kernel/principal';
import { nowOfTarget } from '../../src/modules/backup/application/target/target-lease';
import type { BackupId } from '../../src/modules/backup/domain/layout';
import type { Manifest } from '../../src/modules/backup/domain/manifest';
import { type BackupKit, backupKit, instead } from '../support/backup-kit';
import { silentLog } from '../support/log';
import { photo } from '../support/photos';
import { statusesOf } from '../support/revocation-kit';
import { PROMPT, productParts } from '../support/upload-kit';

let kit: BackupKit;
let seller: Seller;
let id: ProductId;
let keys: ObjectKey[];

beforeAll(async () => {
  kit = await backupKit();
  seller = await kit.seller();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => {
  id = await kit.aProduct(seller);
  keys = await kit.keysOf(id);
  await kit.target.deleteMany(await kit.targetKeys());
});

/** Something happens behind the snapshot, before the first object is copied. */
function whenTheFirstIsCopied(happens: () => Promise<unknown>) {
  let hasHappened = false;
  const { store } = kit.storage;
  return instead(store, {
    get: async (...args) => {
      if (!hasHappened) {
        hasHappened = true;
        await happens();
      }
      return await store.get(...args);
    },
  });
}

async function expectWhole(manifest: Manifest): Promise<void> {
  const report = await kit.parts().verify({ id: manifest.backupId, share: 1 });
  expect(report.outcome).toBe('ok');
  expect(manifest.objects.absent.lines).toBe(0);
}

/** A failed backup leaves neither itself nor what was held for it. */
async function expectNothingOfIt(): Promise<void> {
  expect(await kit.targetKeys('backups/')).toEqual([]);
  expect(await kit.db.sql('select 1 from backup_pins')).toEqual([]);
  expect((await kit.keys()).filter((key) => key.startsWith('held/'))).toEqual([]);
}

describe('what is deleted while a backup copies', () => {
  test('is gone at once under its key and every URL, is in the backup all the same, and leaves nothing behind', async () => {
    const urls = kit.signed(keys);
    let statuses: number[] = [];
    let held: string[] = [];
    const source = whenTheFirstIsCopied(async () => {
      await kit.db.sql('delete from products where id = $1', [id]);
      await kit.storage.sweep();
      statuses = await statusesOf(urls);
      held = (await kit.keys()).filter((key) => key.startsWith('held/'));
    });
    const manifest = await kit.backup({ source });
    expect(statuses).toEqual(urls.map(() => 404));
    expect(held.map((key) => key.replace(/^held\/[^/]+\//, '')).sort()).toEqual([...keys].sort());
    await expectWhole(manifest);
    const objects = await Array.fromAsync((await kit.reading.open(manifest.backupId)).objects());
    expect(objects.map(({ key }) => key)).toContainAllValues(keys);
    expect((await kit.keys()).filter((key) => key.startsWith('held/'))).toEqual([]);
  }, 60_000);

  test('and what is revoked, too', async () => {
    const urls = kit.signed(keys);
    let statuses: number[] = [];
    const source = whenTheFirstIsCopied(async () => {
      await kit.revoke(seller, id);
      statuses = await statusesOf(urls);
    });
    await expectWhole(await kit.backup({ source }));
    expect(statuses).toEqual(urls.map(() => 404));
    expect(await kit.contents(id)).toHaveLength(keys.length);
  }, 60_000);

  test('a backup under load is whole: products come, go and get new keys in the middle of it', async () => {
    let isOver = false;
    const load = async () => {
      while (!isOver) {
        const [one, other] = [await kit.aProduct(seller), await kit.aProduct(seller)];
        await kit.revoke(seller, one);
        await kit.db.sql('delete from products where id = $1', [other]);
        await kit.storage.sweep();
        await kit.storage.freeLostHeld();
      }
    };
    const slow = instead(kit.storage.store, {
      get: (...args) => Bun.sleep(20).then(() => kit.storage.store.get(...args)),
    });
    const loading = Promise.all([load(), load()]);
    try {
      for (let round = 0; round < 3; round += 1) await expectWhole(await kit.backup({ source: slow }));
    } finally {
      isOver = true;
      await loading;
    }
    await kit.storage.sweep();
    await kit.storage.freeLostHeld();
    await kit.expectClean();
  }, 60_000);
});

/** A target whose answer to the manifest does not come in time; the manifest comes when it is let. */
function lateManifest({ isDeadAfterwards = false } = {}) {
  let land: (() => Promise<void>) | null = null;
  const refuse = () => {
    throw new AppError('STORAGE_UNAVAILABLE');
  };
  const target = instead(kit.target, {
    put: async (key, file, ...rest) => {
      if (land && isDeadAfterwards) refuse();
      if (!key.endsWith('/manifest')) return await kit.target.put(key, file, ...rest);
      const bytes = await Bun.file(file.path).bytes();
      land = () => kit.overwrite(key, bytes);
      refuse();
    },
    deleteMany: async (keys) => (land && isDeadAfterwards ? refuse() : await kit.target.deleteMany(keys)),
  });
  return { target, comes: async () => land?.() };
}

describe('a backup that loses what it relies on', () => {
  test('fails with its pin: what was held is freed, and there is no manifest', async () => {
    const source = whenTheFirstIsCopied(async () => {
      await kit.db.sql("update backup_pins set expires_at = now() - interval '1 second'");
      await kit.db.sql('delete from products where id = $1', [id]);
      await kit.storage.sweep();
      await kit.storage.freeLostHeld();
    });
    await expect(kit.backup({ source })).rejects.toThrow(/pin was lost|missing or damaged/);
    await expectNothingOfIt();
  }, 60_000);

  test('a pin that came back to life late is lost all the same', async () => {
    const lost = newId<BackupId>();
    await kit.storage.pins.take(lost, 60);
    expect(await kit.storage.pins.renew(lost, 60)).toBeTrue();
    await kit.db.sql("update backup_pins set expires_at = now() - interval '1 second'");
    expect(await kit.storage.pins.renew(lost, 60)).toBeFalse();
    expect(await kit.storage.pins.living()).toEqual([]);
    await kit.db.sql("update backup_pins set expires_at = now() + interval '1 hour'");
    expect(await kit.storage.pins.renew(lost, 60)).toBeFalse();
  });

  test('fails with its lease on the target, which another has taken', async () => {
    const source = whenTheFirstIsCopied(async () => {
      const top = (await kit.targetKeys('lease/chain/')).at(-1)!;
      const next = `lease/chain/${String(Number(top.slice(-12)) + 1).padStart(12, '0')}` as ObjectKey;
      await kit.overwrite(next, Buffer.from('prune; for 60 s; somebody'));
    });
    await expect(kit.backup({ source })).rejects.toThrow('the lease on the target was lost');
    await expectNothingOfIt();
  }, 60_000);

  test('outlives a database that fails in the last second, before the manifest and after it', async () => {
    let renewals = 0;
    const pins = instead(kit.storage.pins, {
      renew: async (...args) => {
        renewals += 1;
        if (renewals % 2 === 1) throw new AppError('DATABASE_UNAVAILABLE');
        return await kit.storage.pins.renew(...args);
      },
    });
    await expectWhole(await kit.backup({ pins }));
    expect(renewals).toBe(4);
  }, 60_000);

  test('fails with the target, and says so', async () => {
    const target = instead(kit.target, {
      put: async (key, ...rest) => {
        if (key.startsWith('objects/')) throw new AppError('STORAGE_UNAVAILABLE');
        await kit.target.put(key, ...rest);
      },
    });
    await expect(kit.backup({ target })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    await expectNothingOfIt();
    await expectWhole(await kit.backup());
  }, 60_000);

  test('a manifest that comes after its put was given up is void: there is no backup without its files', async () => {
    const late = lateManifest();
    await expect(kit.backup({ target: late.target })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    const left = await kit.targetKeys('backups/');
    expect(left.map((key) => key.split('/').slice(2).join('/'))).toEqual(['void']);
    await late.comes();
    expect(await kit.parts().listed()).toEqual([]);
    await expect(kit.reading.open(left[0]!.split('/')[1] as never)).rejects.toThrow('the target holds no backup');
    await expect(kit.parts().newest()).rejects.toThrow('the target holds no backup');
  }, 60_000);

  test('or is a whole backup, where the target took no word of its being given up', async () => {
    const late = lateManifest({ isDeadAfterwards: true });
    await expect(kit.backup({ target: late.target })).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(await kit.parts().listed()).toEqual([]);
    await late.comes();
    const [{ id: whole, manifest } = { id: null, manifest: null }] = await kit.parts().listed();
    expect(manifest?.backupId).toBe(whole!);
    await expectWhole(manifest!);
    await kit.target.deleteMany(await kit.targetKeys('lease/'));
  }, 60_000);

  test('fails when it is told to stop', async () => {
    const stopping = new AbortController();
    const source = whenTheFirstIsCopied(async () => stopping.abort(new Error('the server stops')));
    const { report, manifest } = await kit.parts({ source }).create({ signal: stopping.signal });
    expect([report.outcome, manifest]).toEqual(['stopped', null]);
    await expectNothingOfIt();
  }, 60_000);
});

describe('an object that is not to be had', () => {
  test('missing or damaged, it is named in the backup, and the others are in it', async () => {
    const { product } = await kit.create(
      seller,
      productParts(PROMPT, [await photo({ seed: 81 }), await photo({ seed: 82 })]),
    );
    const [missing, damaged] = (await kit.keysOf(product.id as ProductId)).filter((key) =>
      key.includes('original'),
    ) as [ObjectKey, ObjectKey];
    const before = [await kit.read(missing), await kit.read(damaged)];
    await kit.storage.store.deleteMany([missing, damaged]);
    await kit.put(damaged, Buffer.from('something else'));
    const manifest = await kit.backup();
    const absent = await Array.fromAsync((await kit.reading.open(manifest.backupId)).absent());
    expect(absent.map(({ key }) => key).sort()).toEqual([missing, damaged].sort());
    expect((await kit.parts().verify({ id: manifest.backupId, share: 1 })).outcome).toBe('ok');
    await kit.storage.store.deleteMany([damaged]);
    await kit.put(missing, before[0]!);
    await kit.put(damaged, before[1]!);
    expect((await kit.backup()).objects.absent.lines).toBe(0);
  }, 60_000);
});

describe('one at a time', () => {
  test('creates or prunes: the second is told who is at it', async () => {
    let refused: unknown;
    const source = whenTheFirstIsCopied(async () => {
      refused = await kit
        .parts()
        .prune(false)
        .catch((error) => error);
    });
    await expectWhole(await kit.backup({ source }));
    expect(String(refused)).toContain('in use: backup ');
    expect((await kit.parts().prune(false)).outcome).toBe('ok');
  }, 60_000);

  test('a lease whose holder died is over when its time is, by the target’s clock', async () => {
    await kit.overwrite('lease/chain/000000000041' as ObjectKey, Buffer.from('backup 1; for 60 s; x\n'));
    await expect(kit.backup()).rejects.toThrow('in use: backup 1');
    await kit.overwrite('lease/chain/000000000042' as ObjectKey, Buffer.from('backup 2; for 1 s; x\n'));
    await Bun.sleep(1500);
    await expectWhole(await kit.backup());
    const deps = { target: kit.target, staging: kit.staging, log: silentLog };
    expect(Math.abs((await nowOfTarget(deps)).getTime() - Date.now())).toBeLessThan(5000);
  }, 60_000);
});
