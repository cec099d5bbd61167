import { type Command, UsageError } from './command';
import { JSON_FLAG, printRows } from './report';

const ACTS_SHOWN = 20;

export const operatorsLog: Command = {
  usage: 'operators log [--command C] [--last N] [--json]',
  says: 'Who did what by these commands, and which workers were given originals; the last first.',
  access: 'reads',
  options: ['command', 'last'],
  flags: [JSON_FLAG],
  async run(input, { operators }) {
    const { command, last = String(ACTS_SHOWN) } = input.options;
    if (!/^[1-9]\d{0,4}$/.test(last)) throw new UsageError('--last must be a number from 1');
    const acts = await operators.recent(command ?? null, Number(last));
    const rows = acts.map((act) => ({
      at: act.at.toISOString(),
      actor: act.actor,
      database_login: act.databaseLogin,
      source: act.source,
      command: act.command,
      target: act.target,
      outcome: act.outcome ?? 'begun',
      ended_at: act.endedAt?.toISOString() ?? null,
      details: JSON.stringify(act.details),
      error: act.error,
    }));
    const columns = ['at', 'actor', 'database_login', 'command', 'target', 'outcome', 'details', 'error'];
    printRows(input, columns, rows);
  },
};
