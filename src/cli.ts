import { CommandFailed, EXIT_CODES, exitCodeOf, FoundSomething, UsageError } from './cli/command';
import { helpText, runCommand } from './cli/run-command';
import { ConfigError, loadSettings } from './config/load';
import { isAppError } from './kernel/app-error';
import { SchemaMismatch } from './platform/database/migrate';
import { createLog } from './platform/telemetry/log';

const argv = process.argv.slice(2);

if (argv.length === 0 || argv[0] === 'help' || argv[0] === '--help') {
  process.stdout.write(`${helpText()}\n`);
} else {
  process.exitCode = await run(argv);
}

/** @returns the exit code */
async function run(words: readonly string[]): Promise<number> {
  try {
    // Only what the command prints goes to standard output: the last line of `token` is the token.
    const log = createLog('warn', { write: (line: string) => process.stderr.write(line) });
    const print = (line: string) => process.stdout.write(`${line}\n`);
    await runCommand(words, loadSettings(process.env), log, print, process.stderr);
    return EXIT_CODES.done;
  } catch (error) {
    if (isShown(error)) process.stderr.write(`${error.message}\n`);
    else
      createLog('error', { write: (line: string) => process.stderr.write(line) }).error(
        { err: error },
        'the command failed',
      );
    return exitCodeOf(error);
  }
}

/** Errors whose message is all that the operator needs. */
function isShown(error: unknown): error is Error {
  const types = [ConfigError, SchemaMismatch, CommandFailed, FoundSomething, UsageError];
  return types.some((type) => error instanceof type) || isAppError(error);
}
