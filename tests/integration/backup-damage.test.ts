import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { generateX25519Identity } from 'age-encryption';
import { AppError } from '../../src/kernel/app-error';
import type { ObjectKey } from '../../src/kernel/object-key';
import { codecOf } from '../../src/modules/backup';
import { takeLease } from '../../src/modules/backup/application/target/target-lease';
import { blobKey } from '../../src/modules/backup/domain/layout';
import type { Manifest } from '../../src/modules/backup/domain/manifest';
import { type BackupKit, backupKit, instead } from '../support/backup-kit';
import { silentLog } from '../support/log';

const identity = await generateX25519Identity();

describe.each(['none', 'age'] as const)('a target with encryption %s that has gone bad', (encryption) => {
  let kit: BackupKit;
  let older: Manifest;
  let manifest: Manifest;
  const verify = (share = 1, more = {}) => kit.parts().verify({ id: manifest.backupId, share, ...more });

  beforeAll(async () => {
    kit = await backupKit({ encryption: encryption === 'none' ? null : { identity, former: [] } });
    await kit.aProduct(await kit.seller());
    older = await kit.backup();
    manifest = await kit.backup();
  }, 60_000);
  afterAll(() => kit.stop());

  /** Something is changed, looked at, and put back. */
  async function damaged(key: ObjectKey, change: (bytes: Buffer) => Buffer | null, look: () => Promise<void>) {
    const bytes = await kit.stored(key);
    const changed = change(Buffer.from(bytes));
    if (changed) await kit.overwrite(key, changed);
    else await kit.target.deleteMany([key]);
    await look();
    await kit.overwrite(key, bytes);
    expect((await verify(0)).outcome).toBe('ok');
  }

  const changes: [string, (bytes: Buffer) => Buffer | null][] = [
    ['changed', (bytes) => bytes.fill(bytes[bytes.length - 3]! ^ 0xff, bytes.length - 3, bytes.length - 2)],
    ['shortened', (bytes) => bytes.subarray(0, bytes.length - 5)],
    ['gone', () => null],
    ['another', () => Buffer.from('another file altogether')],
  ];

  test.each(changes)(
    'a dump that is %s is found by verification, and ends a restore',
    async (_, change) => {
      const { key } = manifest.tables.find(({ name }) => name === 'products')!.segments[0]!;
      await damaged(key, change, async () => {
        await expect(verify(0)).rejects.toThrow('is not whole: 1 problems');
        const rows = (await kit.reading.open(manifest.backupId)).rows('products');
        await expect(Array.fromAsync(rows)).rejects.toThrow('the backup is damaged');
      });
    },
    20_000,
  );

  test.each(changes)(
    'an object that is %s is found by verification of all, and ends a restore',
    async (how, change) => {
      const objects = await Array.fromAsync((await kit.reading.open(manifest.backupId)).objects());
      // of results of before that was kept no row tells the size
      const object = objects.find(({ sizeBytes }) => sizeBytes !== null);
      await damaged(blobKey(object!.name), change, async () => {
        await expect(verify()).rejects.toThrow('is not whole: 1 problems');
        const reading = async () => Array.fromAsync(await (await kit.reading.open(manifest.backupId)).open(object!));
        await expect(reading()).rejects.toThrow('the backup is damaged');
        // that one is gone, or has another size, is seen without reading any
        const hasAnotherSize = encryption === 'none' && how !== 'changed';
        if (how === 'gone' || hasAnotherSize) await expect(verify(0)).rejects.toThrow('is not whole');
      });
    },
    20_000,
  );

  test.each(changes)(
    'a list of objects that is %s is found by verification',
    async (_, change) => {
      await damaged(manifest.objects.list.segments[0]!.key, change, async () => {
        await expect(verify(0)).rejects.toThrow('is not whole');
      });
    },
    20_000,
  );

  test.each(changes.filter(([how]) => how !== 'gone'))(
    'a manifest that is %s is none',
    async (_, change) => {
      await damaged(`backups/${manifest.backupId}/manifest` as ObjectKey, change, async () => {
        await expect(kit.reading.open(manifest.backupId)).rejects.toThrow(
          new RegExp(`backup ${manifest.backupId} can't be read: the backup is damaged`),
        );
        // it is told of beside those that can be read, and no older one is taken for the newest
        expect(await kit.parts().listed()).toEqual([
          { id: older.backupId, manifest: older, unreadable: null, verifiedAt: null, fullyVerifiedAt: null },
          expect.objectContaining({
            id: manifest.backupId,
            manifest: null,
            unreadable: expect.stringContaining('the backup is damaged'),
          }),
        ]);
        expect(await kit.parts().newest()).toBe(manifest.backupId);
        // what it names is not known: nothing may be deleted
        await expect(kit.parts().prune(false)).rejects.toThrow('the backup is damaged');
      });
    },
    20_000,
  );

  test('a backup without its manifest does not exist', async () => {
    await damaged(
      `backups/${manifest.backupId}/manifest` as ObjectKey,
      () => null,
      async () => {
        await expect(kit.reading.open(manifest.backupId)).rejects.toThrow('the target holds no backup');
        expect((await kit.parts().listed()).map(({ id }) => id)).toEqual([older.backupId]);
      },
    );
  });

  test('a backup that is found damaged is not called verified any more', async () => {
    const [object] = await Array.fromAsync((await kit.reading.open(manifest.backupId)).objects());
    const marks = async () => {
      const { verifiedAt, fullyVerifiedAt } = (await kit.parts().listed()).at(-1)!;
      return [verifiedAt !== null, fullyVerifiedAt !== null];
    };
    await verify();
    expect(await marks()).toEqual([true, true]);
    await damaged(
      blobKey(object!.name),
      () => null,
      async () => {
        await expect(verify(0)).rejects.toThrow('is not whole');
        expect(await marks()).toEqual([false, false]);
      },
    );
    // by a share of the objects alone
    expect(await marks()).toEqual([true, false]);
    expect(await kit.parts().listed()).toEqual([
      expect.objectContaining({ id: older.backupId, verifiedAt: null }),
      expect.objectContaining({ id: manifest.backupId, verifiedAt: expect.any(Date), fullyVerifiedAt: null }),
    ]);
  }, 20_000);

  test('what was damaged and has been sent again since is not dropped, and nothing is while somebody works there', async () => {
    const [object] = await Array.fromAsync((await kit.reading.open(manifest.backupId)).objects());
    const key = blobKey(object!.name);
    const bytes = await kit.stored(key);
    const bad = Buffer.from(bytes).fill(7, bytes.length - 20);
    await kit.overwrite(key, bad);
    let isReplaced = false;
    const target = instead(kit.target, {
      // whoever takes the lease finds that another has just been there
      put: async (at, ...rest) => {
        if (at.startsWith('lease/chain/') && !isReplaced) {
          isReplaced = true;
          await kit.overwrite(key, bytes);
        }
        await kit.target.put(at, ...rest);
      },
    });
    const drop = { id: manifest.backupId, share: 1, dropDamaged: true };
    await expect(kit.parts({ target }).verify(drop)).rejects.toThrow('is not whole: 1 problems');
    expect([isReplaced, await kit.stored(key)]).toEqual([true, bytes]);
    await kit.overwrite(key, bad);
    const deps = { target: kit.target, staging: kit.staging, log: silentLog };
    const lease = await takeLease(deps, 'backup 1', 60);
    await expect(kit.parts().verify(drop)).rejects.toThrow('is not whole: 1 problems');
    expect(await kit.stored(key)).toEqual(bad);
    await lease.release();
    await kit.overwrite(key, bytes);
  }, 20_000);

  test('a damaged object that the target does not let go is told all the same, and its backup is not called verified', async () => {
    const [object] = await Array.fromAsync((await kit.reading.open(manifest.backupId)).objects());
    const key = blobKey(object!.name);
    const bytes = await kit.stored(key);
    await verify();
    await kit.overwrite(key, Buffer.from(bytes).fill(7, bytes.length - 20));
    let isAsked = false;
    const target = instead(kit.target, {
      deleteMany: async (keys) => {
        if (keys.includes(key)) {
          isAsked = true;
          throw new AppError('STORAGE_UNAVAILABLE');
        }
        await kit.target.deleteMany(keys);
      },
    });
    const drop = { id: manifest.backupId, share: 1, dropDamaged: true };
    await expect(kit.parts({ target }).verify(drop)).rejects.toThrow('is not whole: 1 problems');
    expect(isAsked).toBe(true);
    expect(await kit.parts().listed()).toContainEqual(
      expect.objectContaining({ id: manifest.backupId, verifiedAt: null, fullyVerifiedAt: null }),
    );
    await kit.overwrite(key, bytes);
  }, 20_000);

  test('a damaged object can be dropped, and the next backup brings it again', async () => {
    const [object] = await Array.fromAsync((await kit.reading.open(manifest.backupId)).objects());
    const key = blobKey(object!.name);
    const bytes = await kit.stored(key);
    await kit.overwrite(key, bytes.fill(7, bytes.length - 20));
    await expect(verify(1, { dropDamaged: true })).rejects.toThrow('is not whole');
    expect(await kit.target.head(key)).toBeNull();
    expect((await kit.backup()).objects.sent.count).toBe(1);
    expect((await verify()).outcome).toBe('ok');
  }, 60_000);

  test('another key is told apart from damage', async () => {
    const codec = await codecOf(
      encryption === 'none' ? { identity, former: [] } : { identity: await generateX25519Identity(), former: [] },
    );
    const says = encryption === 'none' ? 'cannot be decrypted' : 'neither BACKUP_ENCRYPTION_IDENTITY';
    await expect(kit.parts({ codec }).verify({ id: manifest.backupId, share: 0 })).rejects.toThrow(says);
    if (encryption === 'none') return;
    await expect(kit.parts({ codec: await codecOf(null) }).verify({ id: manifest.backupId, share: 0 })).rejects.toThrow(
      says,
    );
    const former = await codecOf({ identity: await generateX25519Identity(), former: [identity] });
    expect((await kit.parts({ codec: former }).verify({ id: manifest.backupId, share: 1 })).outcome).toBe('ok');
  }, 60_000);
});
