import { expect, test } from 'bun:test';
import { BackupFault } from '../modules/backup';
import { MayNotCreate } from '../platform/database/scratch-database';
import { backupDrill } from './backup-drill';
import { CommandFailed } from './command';

class NothingToRestore extends BackupFault {}

/** What the command throws where the drill fails with this. */
function failingWith(error: Error): Promise<unknown> {
  const container = { maintenance: { runTask: () => Promise.reject(error) } };
  return Promise.resolve(backupDrill.run({} as never, container as never)).then(
    () => null,
    (thrown: unknown) => thrown,
  );
}

test('a drill that may not make a database says which right it lacks', async () => {
  const thrown = await failingWith(new MayNotCreate('permission denied'));
  expect(thrown).toBeInstanceOf(CommandFailed);
  expect(String(thrown)).toContain('give it CREATEDB, or set BACKUP_DRILL_DATABASE_URL');
});

test('a drill that an operator can do something about fails with its sentence, any other as it is', async () => {
  const thrown = await failingWith(new NothingToRestore('the target holds no backup'));
  expect(thrown).toBeInstanceOf(CommandFailed);
  expect(String(thrown)).toContain('the target holds no backup');
  const fault = new Error('a fault of ours');
  expect(await failingWith(fault)).toBe(fault);
});
