import { expect, test } from 'bun:test';
import { type ObjectKey, objectKey } from '../../../../kernel/object-key';
import { BackupDamaged } from '../../domain/backup-faults';
import { RestoreRefused } from '../../domain/restore-refused';
import type { OpenBackup } from '../read/open-backup';
import type { Begun } from './begin-restore';
import { takeBack } from './take-back';

const [ONE, TWO] = [objectKey('products/1.jpg'), objectKey('products/2.jpg')];

/** @returns what was deleted, and whether the database was asked */
async function takenBack(why: Error, { isOurs = true, bucketWasEmpty = true, isCutShort = false } = {}) {
  const deleted: ObjectKey[] = [];
  let isAsked = false;
  const database = {
    async abandon(_run: string, alsoGoes: () => Promise<void>) {
      isAsked = true;
      if (isOurs) await alsoGoes();
      return isOurs;
    },
  };
  const store = { deleteMany: async (keys: readonly ObjectKey[]) => void deleted.push(...keys) };
  const backup = {
    async *objects() {
      yield* [{ key: ONE }, { key: TWO }];
      if (isCutShort) throw new BackupDamaged('the list', 'is cut short');
    },
  };
  const taking = takeBack({ database, store }, backup as unknown as OpenBackup, { bucketWasEmpty } as Begun, why);
  expect(await taking.catch((error: unknown) => error)).toBe(why);
  return { deleted, isAsked };
}

test('a refused restore takes back what the backup names, also where its list ends half way', async () => {
  const why = new RestoreRefused('for this test');
  expect((await takenBack(why)).deleted).toEqual([ONE, TWO]);
  expect((await takenBack(why, { isCutShort: true })).deleted).toEqual([ONE, TWO]);
});

test('nothing is deleted where the bucket was not empty, or the restore is another run’s by now', async () => {
  const why = new RestoreRefused('for this test');
  expect(await takenBack(why, { bucketWasEmpty: false })).toEqual({ deleted: [], isAsked: true });
  expect(await takenBack(why, { isOurs: false })).toEqual({ deleted: [], isAsked: true });
});

test('what an outage has ended is left, to go on with', async () => {
  expect(await takenBack(new Error('an outage'))).toEqual({ deleted: [], isAsked: false });
});
