import type { Settings } from '../config/load';
import type { Container } from '../container';
import type { Progress } from './progress-bar';

export interface CommandInput {
  readonly settings: Settings;
  /** Words after the command's own. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  /** Those that were given. */
  readonly flags: ReadonlySet<string>;
  print(line: string): void;
  /** Names what the command is done to, for the record of operators, where its words and options don't. */
  concerns(target: string): void;
  /** Shown on a terminal alone. */
  readonly progress: Progress;
}

/** What an operator can ask for by `bun run cli <name> …`. */
export interface Command {
  readonly usage: string;
  readonly says: string;
  /** What changes anything, or hands out a secret, is written into the record of operators, by who runs it. */
  readonly access: 'reads' | 'changes';
  /** How many words it takes at most, behind its name; by default none: one that is not known, such as `dry-run`, is no wish to ignore. */
  readonly words?: number;
  /** Names of the options it takes, each with a value. */
  readonly options?: readonly string[];
  /** Names of the options without a value. */
  readonly flags?: readonly string[];
  /** The database may be empty or half restored: it is taken as it is. */
  readonly schemaAsItIs?: true;
  /** On the same parts as the server, which may be running or not. */
  run(input: CommandInput, container: Container): Promise<void>;
}

/** The command was called wrongly: shown with its usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command did what it could, and it was not all: shown as it is. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** The command did all it had to, and found what somebody should look at: shown as it is. */
export class FoundSomething extends Error {
  override readonly name = 'FoundSomething';
}

/** For cron and scripts. 64 is EX_USAGE of sysexits(3). */
export const EXIT_CODES = { done: 0, failed: 1, found: 2, usage: 64 } as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof FoundSomething) return EXIT_CODES.found;
  return error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.failed;
}
