import { CommandFailed, UsageError } from './cli/command';
import { helpText, runCommand } from './cli/run-command';
import { ConfigError, loadSettings } from './config/load';
import { isAppError } from './kernel/app-error';
import { SchemaMismatch } from './platform/database/migrate';
import { createLog } from './platform/telemetry/log';

const argv = process.argv.slice(2);

if (argv.length === 0 || argv[0] === 'help' || argv[0] === '--help') {
  process.stdout.write(`${helpText()}\n`);
} else {
  process.exitCode = await exitCodeOf(argv);
}

/** 0 done, 1 failed, 2 called wrongly: for cron and scripts. */
async function exitCodeOf(words: readonly string[]): Promise<number> {
  try {
    // Only what the command prints goes to standard output: the last line of `token` is the token.
    const log = createLog('warn', { write: (line: string) => process.stderr.write(line) });
    await runCommand(words, loadSettings(process.env), log, (line) => process.stdout.write(`${line}\n`));
    return 0;
  } catch (error) {
    if (isShown(error)) process.stderr.write(`${error.message}\n`);
    else
      createLog('error', { write: (line: string) => process.stderr.write(line) }).error(
        { err: error },
        'the command failed',
      );
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Errors whose message is all that the operator needs. */
function isShown(error: unknown): error is Error {
  const types = [ConfigError, SchemaMismatch, CommandFailed, UsageError];
  return types.some((type) => error instanceof type) || isAppError(error);
}
