import { countsOf, DrillFailed, runDrill } from '../backup-drill';
import { BackupFault, type DrillReport } from '../modules/backup';
import { TaskIsRunning } from '../modules/maintenance';
import { MayNotCreate } from '../platform/database/scratch-database';
import { createLog } from '../platform/telemetry/log';
import { type Command, CommandFailed, type CommandInput } from './command';
import { JSON_FLAG, printReport } from './report';

export const backupDrill: Command = {
  usage: 'backup drill [--json]',
  says: 'Restores the newest backup beside the running system, reads products through the application, compares, prints RPO and RTO, and removes everything again.',
  access: 'changes',
  flags: [JSON_FLAG],
  async run(input, container) {
    const log = createLog('warn', { write: (line: string) => process.stderr.write(line) });
    try {
      const report = await runDrill(container, input.settings, log);
      if (report) printDrill(input, report);
    } catch (error) {
      if (error instanceof DrillFailed) printDrill(input, error.report);
      if (error instanceof MayNotCreate)
        throw new CommandFailed(
          `The role of MIGRATION_DATABASE_URL may not make a database beside the application's (${error.message}): give it CREATEDB, or set BACKUP_DRILL_DATABASE_URL.`,
        );
      const isKnown = [BackupFault, DrillFailed, TaskIsRunning].some((type) => error instanceof type);
      if (isKnown && error instanceof Error) throw new CommandFailed(error.message);
      throw error;
    }
  },
};

function printDrill(input: CommandInput, report: DrillReport): void {
  printReport(input, { backup: report.backupId, as_of: report.snapshotAt.toISOString(), counts: countsOf(report) });
}
