import type { Settings } from '../config/load';
import type { Container } from '../container';

export interface CommandInput {
  readonly settings: Settings;
  /** Words after the command's own. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  /** Those that were given. */
  readonly flags: ReadonlySet<string>;
  print(line: string): void;
}

/** What an operator can ask for by `bun run cli <name> …`. */
export interface Command {
  readonly usage: string;
  readonly says: string;
  /** Names of the options it takes, each with a value. */
  readonly options?: readonly string[];
  /** Names of the options without a value. */
  readonly flags?: readonly string[];
  /** On the same parts as the server, which may be running or not. */
  run(input: CommandInput, container: Container): Promise<void>;
}

/** The command was called wrongly: shown with its usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command did what it could, and it was not all: shown as it is, exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
