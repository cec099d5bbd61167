import type { Log } from '../kernel/log';
import type { Act, OperatorAudit, Outcome } from '../modules/operators';
import { redacted } from '../platform/telemetry/redact';
import { safeText } from '../platform/telemetry/safe-text';
import { FoundSomething, UsageError } from './command';
import { whoRuns } from './who-runs';

export interface Given {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlySet<string>;
}

/**
 * Runs what an operator has asked for between two lines of the record: who, what, to what, and how it ended. What can't be written
 * down is not begun.
 * @param run told how to name the target, where that is known only then
 */
export async function recorded(
  audit: Pick<OperatorAudit, 'begin' | 'end'>,
  log: Log,
  command: string,
  given: Given,
  run: (concerns: (target: string) => void) => Promise<void>,
): Promise<void> {
  let act = actOf(command, given);
  const id = await audit.begin(act);
  try {
    await run((target) => {
      act = { ...act, target };
    });
  } catch (error) {
    // The line is missing then, which says that nobody knows the end; the command's own error is what counts.
    await audit
      .end(id, act, outcomeOf(error), messageOf(error))
      .catch((unwritten: unknown) => log.error({ err: unwritten }, 'the end of the command could not be recorded'));
    throw error;
  }
  await audit.end(id, act, 'done', null);
}

function actOf(command: string, { words, options, flags }: Given): Act {
  const details = redacted({ words, options, flags: [...flags] }) as Act['details'];
  const { email, user, role, to } = options;
  return { actor: whoRuns(), source: 'cli', command, target: words[0] ?? email ?? user ?? role ?? to ?? null, details };
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof FoundSomething) return 'found';
  return error instanceof UsageError ? 'usage' : 'failed';
}

function messageOf(error: unknown): string {
  return safeText(error instanceof Error ? error.message : String(error));
}
