import { BackupDamaged } from '../../domain/backup-faults';
import type { OpenBackup } from '../read/open-backup';
import { lineFeedsIn } from '../read/segments';

/**
 * Reads all that a restore loads and goes by, the rows and the lists of objects, and keeps nothing: before a database is thrown away.
 * The objects themselves are not read: that is what `verify` is for.
 * @throws BackupDamaged, WrongBackupKey; AppError STORAGE_UNAVAILABLE; `signal.reason`
 */
export async function readLines(
  backup: Pick<OpenBackup, 'manifest' | 'rows' | 'objects' | 'absent'>,
  signal?: AbortSignal,
): Promise<void> {
  const { tables, objects } = backup.manifest;
  for (const { name, lines } of tables) {
    let found = 0;
    for await (const chunk of backup.rows(name)) {
      signal?.throwIfAborted();
      found += lineFeedsIn(chunk);
    }
    if (found !== lines) throw new BackupDamaged(`table ${name}`, `has ${found} rows, and the manifest says ${lines}`);
  }
  const lists = [
    { what: 'the list of objects', said: objects.list.lines, read: backup.objects() },
    { what: 'the list of absent objects', said: objects.absent.lines, read: backup.absent() },
  ];
  for (const { what, said, read } of lists) {
    let found = 0;
    for await (const _object of read) found += 1;
    if (found !== said) throw new BackupDamaged(what, `has ${found} lines, and the manifest says ${said}`);
    signal?.throwIfAborted();
  }
}
