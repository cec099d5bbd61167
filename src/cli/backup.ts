import { isUuid } from '../kernel/ids';
import { BackupFault, type BackupId, type Manifest, newBackupIdentity } from '../modules/backup';
import type { TaskReport } from '../modules/maintenance';
import { MaintenanceOnHold, TaskIsRunning } from '../modules/maintenance';
import { collectGarbage } from '../platform/collect-garbage';
import { type Command, CommandFailed, type CommandInput, FoundSomething, UsageError } from './command';
import { JSON_FLAG, printReport, printRows } from './report';

export const backupCreate: Command = {
  usage: 'backup create [--json]',
  says: 'Saves database and objects as of one moment to the target (BACKUP_…), while everything goes on; objects that are there already are not sent again.',
  access: 'changes',
  flags: [JSON_FLAG],
  async run(input, { backup }) {
    const { report, manifest } = await orFailed((await orFailed(backup.parts())).create(shown(input)));
    printTask(input, report, manifest ? { backup: manifest.backupId, as_of: manifest.snapshotAt.toISOString() } : {});
    const { objects_absent = 0 } = report.counts;
    if (objects_absent > 0)
      throw new FoundSomething(
        `${objects_absent} objects that rows name are missing or damaged, and not in the backup: bun run cli audit`,
      );
  },
};

export const backupVerify: Command = {
  usage: 'backup verify [ID|latest] [--sample SHARE] [--drop-damaged] [--json]',
  says: 'Reads a backup as a restore would, by default the newest: every row, every object, all digests. --sample 0.05: the bytes of that share of the objects. --drop-damaged: damaged objects go, and the next backup sends them again.',
  access: 'changes',
  words: 1,
  options: ['sample'],
  flags: ['drop-damaged', JSON_FLAG],
  async run(input, { backup }) {
    const id = idOf(input);
    const share = shareOf(input);
    const parts = await orFailed(backup.parts());
    const dropDamaged = input.flags.has('drop-damaged');
    const report = await orFailed(parts.verify({ ...(id ? { id } : {}), share, dropDamaged, ...shown(input) }));
    printTask(input, report);
  },
};

export const backupList: Command = {
  usage: 'backup list [--json]',
  says: 'The backups of the target, oldest first: of which moment, how much, when last verified. One that can’t be read is in it, with why.',
  access: 'reads',
  flags: [JSON_FLAG],
  // asked for in front of an empty database, too
  schemaAsItIs: true,
  async run(input, { backup }) {
    const listed = await orFailed((await orFailed(backup.parts())).listed());
    const rows = listed.map(({ id, manifest, unreadable, verifiedAt, fullyVerifiedAt }) => ({
      id,
      ...(manifest ? told(manifest) : { unreadable }),
      verified_at: verifiedAt?.toISOString() ?? null,
      fully_verified_at: fullyVerifiedAt?.toISOString() ?? null,
    }));
    const columns = [
      'id',
      'as_of',
      'rows',
      'objects',
      'sent',
      'bytes_sent',
      'absent',
      'seconds',
      'encryption',
      'verified_at',
      'fully_verified_at',
    ];
    printRows(input, columns, rows);
    const unreadable = listed.flatMap(({ id, unreadable: why }) => (why === null ? [] : [`${id} unreadable: ${why}`]));
    if (unreadable.length > 0) throw new FoundSomething(unreadable.join('\n'));
  },
};

function told({ snapshotAt, tables, objects, seconds, encryption }: Manifest) {
  return {
    as_of: snapshotAt.toISOString(),
    rows: tables.reduce((sum, { lines }) => sum + lines, 0),
    objects: objects.list.lines,
    sent: objects.sent.count,
    bytes_sent: objects.sent.bytes,
    absent: objects.absent.lines,
    seconds: Math.round(seconds.total),
    encryption,
  };
}

export const backupPrune: Command = {
  usage: 'backup prune [--dry-run] [--json]',
  says: 'Removes backups that BACKUP_KEEP_DAILY, _WEEKLY and _MONTHLY do not keep, and objects that no other names; never the newest, nor the newest verified ones.',
  access: 'changes',
  flags: ['dry-run', JSON_FLAG],
  async run(input, { backup }) {
    const parts = await orFailed(backup.parts());
    printTask(input, await orFailed(parts.prune(input.flags.has('dry-run'), shown(input))));
  },
};

export const backupKey: Command = {
  usage: 'backup key',
  says: 'Makes a key for BACKUP_ENCRYPTION_IDENTITY. Keep it where the backups are not: without it they are worth nothing.',
  access: 'changes',
  async run({ print }) {
    print(await newBackupIdentity());
  },
};

/** Garbage goes as the bar moves: this process does nothing else. */
function shown({ progress }: CommandInput) {
  let calls = 0;
  return {
    onProgress: (done: number, total: number | null, what: string) => {
      progress.show(done, total, what);
      calls += 1;
      if (calls % 500 === 0) collectGarbage();
    },
  };
}

function idOf({ words }: CommandInput): BackupId | null {
  const [id] = words;
  if (id === undefined || id === 'latest') return null;
  if (words.length > 1 || !isUuid(id)) throw new UsageError('the id of one backup, or latest');
  return id.toLowerCase() as BackupId;
}

function shareOf({ options: { sample = '1' } }: CommandInput): number {
  const share = Number(sample);
  if (!(share >= 0 && share <= 1)) throw new UsageError('--sample must be a share from 0 to 1');
  return share;
}

function printTask(input: CommandInput, { task, outcome, counts, seconds }: TaskReport, more = {}): void {
  printReport(input, { task, outcome, seconds: Math.round(seconds * 1000) / 1000, ...more, counts });
}

/** An operator can do something about these. @throws CommandFailed */
async function orFailed<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const isKnown = [BackupFault, MaintenanceOnHold, TaskIsRunning].some((type) => error instanceof type);
    if (isKnown && error instanceof Error) throw new CommandFailed(error.message);
    throw error;
  }
}
