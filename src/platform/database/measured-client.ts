import { Client } from 'pg';
import type { RecordOperation } from '../telemetry/metrics';

type Done = (error: Error | null, result: unknown) => void;

/**
 * A client that records the time of each statement by its first word, for `new Pool({ Client: measuredClient(…) })`.
 * The pool calls with a callback, everybody else awaits; streams (`copy`) are not measured.
 */
export function measuredClient(record: RecordOperation): typeof Client {
  class MeasuredClient extends Client {
    // biome-ignore lint/suspicious/noExplicitAny: the overloads of `query` can't be written as one signature
    override query(...args: any[]): any {
      const operation = operationOf(args[0]);
      const startedAt = performance.now();
      const ended = (error: unknown) => record(operation, error ? 'error' : 'ok', (performance.now() - startedAt) / 1000);
      const last = args.length - 1;
      if (typeof args[last] === 'function') args[last] = measuredCallback(args[last], ended);
      const answer: unknown = Reflect.apply(super.query, this, args);
      if (answer instanceof Promise) answer.then(() => ended(null), ended);
      return answer;
    }
  }
  return MeasuredClient as typeof Client;
}

function measuredCallback(callback: Done, ended: (error: unknown) => void): Done {
  return (error, result) => {
    ended(error);
    callback(error, result);
  };
}

const KNOWN = new Set(['select', 'insert', 'update', 'delete', 'with', 'begin', 'commit', 'rollback']);

/** Labels must stay few, so what is not known is `other`. */
function operationOf(query: unknown): string {
  const text = typeof query === 'string' ? query : (query as { text?: unknown } | null)?.text;
  if (typeof text !== 'string') return 'other';
  const word = /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? '';
  return KNOWN.has(word) ? word : 'other';
}
