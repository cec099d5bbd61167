import { causesOf } from '../../kernel/causes-of';
import type { QuotaKind } from '../../kernel/quota-exceeded';

/** What a failed statement means for the caller, whatever wrapped it. */
export type DatabaseFault =
  | { kind: 'unavailable' }
  | { kind: 'conflict'; code: string }
  | { kind: 'unique'; constraint: string }
  | { kind: 'foreign-key'; constraint: string }
  | { kind: 'invalid-transition' }
  | { kind: 'held' }
  | { kind: 'quota'; quota: QuotaKind }
  | { kind: 'other' };

/** The connection broke while COMMIT was under way: committed or not, only a later question can tell. */
export class CommitOutcomeUnknown extends Error {
  override readonly name = 'CommitOutcomeUnknown';
  constructor(cause: unknown) {
    super('the connection was lost during COMMIT', { cause });
  }
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNAVAILABLE = /^(08|53|57P0|58)/;
const TIMED_OUT = new Set(['57014', '55P03', '25P03']);
const SERIALIZATION = new Set(['40001', '40P01']);
const NETWORK = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const BROKEN =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable|server closed the connection|Connection ended|Failed to connect/i;

export function databaseFault(error: unknown): DatabaseFault {
  for (const cause of causesOf(error)) {
    if (cause instanceof CommitOutcomeUnknown) return { kind: 'unavailable' };
    const { code, constraint } = cause as Error & { code?: unknown; constraint?: string };
    if (typeof code === 'string') {
      const fault = faultOfCode(code, constraint ?? '');
      if (fault) return fault;
    }
    if (BROKEN.test(cause.message) || isMissingSocket(cause)) return { kind: 'unavailable' };
  }
  return { kind: 'other' };
}

/** A UNIX socket that is not there. Of any other file the database knows nothing. */
function isMissingSocket(cause: Error & { code?: unknown; syscall?: unknown }): boolean {
  return cause.code === 'ENOENT' && cause.syscall === 'connect';
}

function faultOfCode(code: string, constraint: string): DatabaseFault | null {
  if (SERIALIZATION.has(code)) return { kind: 'conflict', code };
  if (code === '23505') return { kind: 'unique', constraint };
  if (code === '23503') return { kind: 'foreign-key', constraint };
  if (code === 'IP001') return { kind: 'invalid-transition' };
  if (code === 'IP004') return { kind: 'held' };
  if (code === 'IP005') return { kind: 'quota', quota: constraint === 'bytes' ? 'bytes' : 'products' };
  if (UNAVAILABLE.test(code) || TIMED_OUT.has(code) || NETWORK.test(code)) return { kind: 'unavailable' };
  return null;
}

/** Whether it ended for its time: tried again, it would only take as long again. */
export function isTimeout(error: unknown): boolean {
  return causesOf(error).some(
    (cause) => codeOf(cause) === '57014' || codeOf(cause) === '55P03' || /timeout/i.test(cause.message),
  );
}

/** Whether the statement was ended on the database, which is well: by statement_timeout, or by somebody. */
export function isCancelled(error: unknown): boolean {
  return causesOf(error).some((cause) => codeOf(cause) === '57014');
}

const codeOf = (cause: Error) => (cause as { code?: unknown }).code;
