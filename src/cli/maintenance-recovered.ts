import { RestoreRefused } from '../modules/backup';
import { type Command, CommandFailed, UsageError } from './command';
import { JSON_FLAG, printReport } from './report';

export const maintenanceRecovered: Command = {
  usage: 'maintenance recovered --reason R [--json]',
  says: 'Of a database that was brought back to an earlier moment by other means (PITR, a provider’s snapshot): what a restore does at its end. Before the first server starts: refused where one is connected.',
  access: 'changes',
  options: ['reason'],
  flags: [JSON_FLAG],
  async run(input, { restore, maintenance }) {
    const { reason } = input.options;
    if (!reason) throw new UsageError('--reason R: whoever finds upkeep on hold will want to know why');
    try {
      await restore.putRight(reason);
    } catch (error) {
      // among what it ends are the sessions, events and deletions of a system that is alive
      if (error instanceof RestoreRefused) throw new CommandFailed(error.message);
      throw error;
    }
    const hold = await maintenance.holds.current();
    printReport(input, { on_hold_since: hold?.heldAt.toISOString() ?? null, reason: hold?.reason ?? null });
  },
};
