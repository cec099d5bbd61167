import { TaskIsRunning } from '../modules/maintenance';
import { type Command, CommandFailed, UsageError } from './command';
import { JSON_FLAG, printReport } from './report';

export const maintenanceHold: Command = {
  usage: 'maintenance hold --reason R [--json]',
  says: 'From now on upkeep deletes, moves and marks nothing, on every instance, until it is resumed. Step one of every recovery.',
  access: 'changes',
  options: ['reason'],
  flags: [JSON_FLAG],
  async run(input, { maintenance }) {
    const { reason } = input.options;
    if (!reason) throw new UsageError('--reason R: whoever finds upkeep on hold will want to know why');
    try {
      const hold = await maintenance.holdUpkeep(reason);
      printReport(input, { on_hold_since: hold.heldAt.toISOString(), reason: hold.reason });
    } catch (error) {
      if (!(error instanceof TaskIsRunning)) throw error;
      throw new CommandFailed(`The hold is in force, but ${error.task} has not ended yet: look with maintenance runs.`);
    }
  },
};

export const maintenanceResume: Command = {
  usage: 'maintenance resume [--json]',
  says: 'Ends the hold: the next sweep, audit, scrub and retention act again.',
  access: 'changes',
  flags: [JSON_FLAG],
  async run(input, { maintenance }) {
    const lifted = await maintenance.holds.lift();
    printReport(input, { resumed: lifted !== null, on_hold_since: lifted?.heldAt.toISOString() ?? null });
  },
};
