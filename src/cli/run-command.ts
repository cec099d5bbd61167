import { parseArgs } from 'node:util';
import type { Settings } from '../config/load';
import { buildContainer } from '../container';
import type { Log } from '../kernel/log';
import { createMetrics } from '../platform/telemetry/metrics';
import { token, userCreate, userList, userPassword } from './accounts';
import { audit, auditList, auditRelease } from './audit';
import { backupCreate, backupKey, backupList, backupPrune, backupVerify } from './backup';
import { backupDrill } from './backup-drill';
import { backupRestore, backupRestoreObjects, backupRestoreProduct } from './backup-restore';
import { type Command, EXIT_CODES, UsageError } from './command';
import { credentialsRotate } from './credentials';
import { maintenanceHold, maintenanceResume } from './maintenance-hold';
import { maintenanceRecovered } from './maintenance-recovered';
import { migrate } from './migrate';
import { operatorsLog } from './operators';
import { productHold, productRelease, productStatus } from './products';
import { progressBar, type Terminal } from './progress-bar';
import { recorded, recordedAfterwards } from './recorded';
import { storeCheck } from './store-check';
import { storeMigrate } from './store-migrate';
import { maintenanceRuns, retention, scrub, sweep } from './upkeep';

export const COMMANDS: Readonly<Record<string, Command>> = {
  migrate,
  sweep,
  scrub,
  retention,
  audit,
  'audit list': auditList,
  'audit release': auditRelease,
  'backup create': backupCreate,
  'backup verify': backupVerify,
  'backup list': backupList,
  'backup prune': backupPrune,
  'backup key': backupKey,
  'backup restore': backupRestore,
  'backup restore objects': backupRestoreObjects,
  'backup restore product': backupRestoreProduct,
  'backup drill': backupDrill,
  'maintenance runs': maintenanceRuns,
  'maintenance hold': maintenanceHold,
  'maintenance resume': maintenanceResume,
  'maintenance recovered': maintenanceRecovered,
  token,
  'user create': userCreate,
  'user list': userList,
  'user password': userPassword,
  'credentials rotate': credentialsRotate,
  'operators log': operatorsLog,
  'product status': productStatus,
  'product hold': productHold,
  'product release': productRelease,
  'store check': storeCheck,
  'store migrate': storeMigrate,
};

/** Brings up the parts, runs the command on them, and lets them go. @throws UsageError */
export async function runCommand(
  argv: readonly string[],
  settings: Settings,
  log: Log,
  print: (line: string) => void,
  terminal: Terminal | null = null,
): Promise<void> {
  const { name, command, ...given } = parse(argv);
  const forced = command === migrate ? { ...settings, MIGRATE_ON_START: true } : settings;
  const ground = { settings: forced, log, metrics: createMetrics(), port: () => settings.PORT };
  const container = await buildContainer(ground, command.schemaAsItIs ? 'as it is' : 'current');
  const progress = progressBar(terminal);
  const printed = (line: string) => {
    progress.clear();
    print(line);
  };
  try {
    const run = (concerns: (target: string) => void = () => undefined) =>
      command.run({ settings, ...given, print: printed, progress, concerns }, container);
    if (command.access === 'reads') await run();
    else await (command.schemaAsItIs ? recordedAfterwards : recorded)(container.operators, log, name, given, run);
  } finally {
    progress.clear();
    await container.close();
  }
}

function parse(argv: readonly string[]) {
  const names = Object.keys(COMMANDS).filter((known) => known.split(' ').every((word, index) => argv[index] === word));
  // The longest: one name may be the beginning of another.
  const name = names.sort((a, b) => b.length - a.length)[0];
  const command = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || !command) throw new UsageError(helpText());
  const taken = name.split(' ').length;
  try {
    const ofType = <Type extends 'string' | 'boolean'>(type: Type, names: readonly string[] = []) =>
      Object.fromEntries(names.map((option) => [option, { type }]));
    const { values, positionals } = parseArgs({
      args: argv.slice(taken),
      options: { ...ofType('string', command.options), ...ofType('boolean', command.flags) },
      allowPositionals: true,
    });
    const unknown = positionals[command.words ?? 0];
    if (unknown !== undefined) throw new Error(`there is nothing that "${unknown}" means here`);
    const options = Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'string'));
    const flags = new Set(command.flags?.filter((name) => values[name] === true));
    return { name, command, words: positionals, options: options as Record<string, string>, flags };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\nbun run cli ${command.usage}`);
  }
}

export function helpText(): string {
  const lines = Object.values(COMMANDS).map(({ usage, says }) => `  ${usage}\n      ${says}`);
  const { done, failed, found, usage } = EXIT_CODES;
  const codes = `Exit codes: ${done} done, ${failed} failed, ${found} done, and something was found that somebody should look at (audit, scrub, backup create, list and restore objects), ${usage} called wrongly.`;
  return `bun run cli <command>\n\n${lines.join('\n')}\n\n${codes}`;
}
