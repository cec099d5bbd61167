import type { Container } from '../container';
import { isUuid, type ProductId } from '../kernel/ids';
import {
  BackupFault,
  type BackupId,
  NoSuchBackup,
  RestoreRefused,
  type RestoreReport,
  RunLost,
} from '../modules/backup';
import { collectGarbage } from '../platform/collect-garbage';
import { type Command, CommandFailed, type CommandInput, FoundSomething, UsageError } from './command';
import { JSON_FLAG, printReport, printRows } from './report';

const HOW = ['keep-objects', 'replace-damaged', 'discard-database', 'without-damaged'] as const;

export const backupRestore: Command = {
  usage:
    'backup restore [ID|latest] [--keep-objects] [--replace-damaged] [--discard-database] [--without-damaged] [--json]',
  says: 'Brings a whole backup back into an empty database and an empty bucket; repeated after it was killed, it goes on. Ends with maintenance on hold.',
  access: 'changes',
  words: 1,
  flags: [...HOW, JSON_FLAG],
  schemaAsItIs: true,
  async run(input, container) {
    const { flags } = input;
    const report = await orFailed(input, async () =>
      container.restore.whole(await theBackup(input, container), {
        keepObjects: flags.has('keep-objects'),
        replaceDamaged: flags.has('replace-damaged'),
        discardDatabase: flags.has('discard-database'),
        withoutDamaged: flags.has('without-damaged'),
        onProgress: (done, total) => shown(input, done, total),
      }),
    );
    printRestored(input, report);
    if (!flags.has(JSON_FLAG)) input.print('Maintenance is on hold: look, then `bun run cli maintenance resume`.');
  },
};

export const backupRestoreObjects: Command = {
  usage: 'backup restore objects [ID|latest] [--replace-damaged] [--json]',
  says: 'Puts back what the bucket has lost of the objects that the living database names, whichever backup brought their bytes; those with the right bytes stay, and others give way with --replace-damaged alone.',
  access: 'changes',
  words: 1,
  flags: ['replace-damaged', JSON_FLAG],
  async run(input, container) {
    const { lost, taken, ...counts } = await orFailed(input, async () =>
      container.restore.objects(await theBackup(input, container), {
        replaceDamaged: input.flags.has('replace-damaged'),
        onProgress: (done, total) => shown(input, done, total),
      }),
    );
    const { missing } = counts;
    printReport(input, { counts: { ...counts, lost: lost.length, taken: taken.length } });
    const wrong = [
      ...(lost.length > 0 ? [`The target does not have these whole:\n${lost.join('\n')}`] : []),
      ...(taken.length > 0
        ? [`These hold other bytes, and --replace-damaged was not given:\n${taken.join('\n')}`]
        : []),
    ];
    if (wrong.length > 0) throw new CommandFailed(wrong.join('\n'));
    if (missing > 0)
      throw new FoundSomething(
        `${missing} objects that rows name are in no backup of the target: they came after the last one. \`bun run cli audit --fresh\` lists them`,
      );
  },
};

export const backupRestoreProduct: Command = {
  usage: 'backup restore product PRODUCT_ID [ID|latest] [--without-damaged] [--json]',
  says: 'Brings one product that was deleted by mistake back into the running system, with its images, as its seller’s.',
  access: 'changes',
  words: 2,
  flags: ['without-damaged', JSON_FLAG],
  async run(input, container) {
    const [id, ...rest] = input.words;
    if (id === undefined || !isUuid(id)) throw new UsageError('the id of a product');
    const { status, objects, lost } = await orFailed(input, async () => {
      const backup = await theBackup({ words: rest }, container);
      return await container.restore.product(backup, id as ProductId, input.flags.has('without-damaged'));
    });
    printReport(input, { product: id, status, objects, lost: lost.length });
  },
};

function shown({ progress }: CommandInput, done: number, total: number | null): void {
  progress.show(done, total, 'objects');
  collectGarbage();
}

/** The newest whole one, where none is named. */
async function theBackup({ words }: Pick<CommandInput, 'words'>, { backup }: Container) {
  const [named = 'latest', ...more] = words;
  if (more.length > 0 || !(named === 'latest' || isUuid(named)))
    throw new UsageError('the id of one backup, or latest');
  const { list, open } = await backup.reading();
  if (named !== 'latest') return await open(named.toLowerCase() as BackupId);
  const newest = (await list()).filter(({ isWhole }) => isWhole).at(-1);
  if (!newest) throw new NoSuchBackup(null);
  return await open(newest.id);
}

function printRestored(input: CommandInput, { manifest, seconds, lost, ...counts }: RestoreReport) {
  printReport(input, {
    backup: manifest.backupId,
    as_of: manifest.snapshotAt.toISOString(),
    counts: { ...counts, lost: lost.length },
    seconds: Math.round(seconds * 1000) / 1000,
  });
}

/** An operator can do something about these; of objects each is named. @throws CommandFailed */
async function orFailed<Result>(input: CommandInput, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RestoreRefused && error.keys.length > 0)
      printRows(
        input,
        ['key'],
        error.keys.map((key) => ({ key })),
      );
    if (error instanceof BackupFault || error instanceof RunLost) throw new CommandFailed(error.message);
    throw error;
  }
}
