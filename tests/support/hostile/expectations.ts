import { ERROR_CODES, type ErrorCode } from '../../../src/kernel/error-codes';
import type { DoorName, Outcome } from './doors';
import type { HostileFile, Verdict } from './hostile-file';

/** The decoder's verdict that is expected of what this door takes; null where the door refuses. */
export function verdictAt(door: DoorName, { expected }: HostileFile): Verdict | null {
  const here = door === 'direct upload' ? (expected.direct ?? expected) : expected;
  return 'decoder' in here ? here.decoder : null;
}

type Answer = { readonly is: 'taken' } | Extract<Outcome, { is: 'refused' }>;

/** What this door is to answer, but for the id of the product. */
export function answerAt(door: DoorName, { expected }: HostileFile): Answer {
  if (door !== 'direct upload') {
    return 'refused' in expected ? refused('once', expected.refused) : { is: 'taken' };
  }
  const here = expected.direct ?? ('refused' in expected ? { problem: expected.refused } : expected);
  if ('decoder' in here) return { is: 'taken' };
  if ('start' in here) return refused('start', here.start);
  return { is: 'refused', at: 'completion', status: ERROR_CODES.UPLOAD_INCOMPLETE.http, code: here.problem };
}

function refused(at: 'once' | 'start', code: ErrorCode): Answer {
  return { is: 'refused', at, status: ERROR_CODES[code].http, code };
}
