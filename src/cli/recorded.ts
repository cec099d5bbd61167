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

/**
 * For a command that brings the database itself, and with it the record: both lines are written when it has ended. Where it was refused
 * there may be no record at all to write into; then the log says so.
 */
export async function recordedAfterwards(
  audit: Pick<OperatorAudit, 'begin' | 'end'>,
  log: Log,
  command: string,
  given: Given,
  run: () => Promise<void>,
): Promise<void> {
  const act = actOf(command, given);
  try {
    await run();
  } catch (error) {
    await writeBoth(audit, act, outcomeOf(error), messageOf(error)).catch((unwritten: unknown) =>
      log.warn(
        { err: unwritten, command },
        'the command could not be recorded: its database has no record of operators',
      ),
    );
    throw error;
  }
  await writeBoth(audit, act, 'done', null);
}

async function writeBoth(
  audit: Pick<OperatorAudit, 'begin' | 'end'>,
  act: Act,
  outcome: Outcome,
  error: string | null,
): Promise<void> {
  await audit.end(await audit.begin(act), act, outcome, error);
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
