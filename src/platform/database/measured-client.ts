import { Client, type ClientConfig } from 'pg';
import type { RecordOperation } from '../telemetry/metrics';

type Done = (error: Error | null, result: unknown) => void;
type Query = (...args: unknown[]) => unknown;

/**
 * A client that records the time of each statement by its first word, for `new Pool({ Client: measuredClient(…) })`.
 * The pool calls with a callback, everybody else awaits; streams (`copy`) are not measured.
 */
export function measuredClient(record: RecordOperation): typeof Client {
  return class MeasuredClient extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      this.query = measuredQuery(this.query.bind(this) as Query, record) as typeof this.query;
    }
  };
}

function measuredQuery(query: Query, record: RecordOperation): Query {
  return (...args) => {
    const operation = operationOf(args[0]);
    const startedAt = performance.now();
    const ended = (error: unknown) => record(operation, error ? 'error' : 'ok', (performance.now() - startedAt) / 1000);
    const callback = args.at(-1);
    if (typeof callback === 'function') args[args.length - 1] = measuredCallback(callback as Done, ended);
    const answer = query(...args);
    if (answer instanceof Promise) answer.then(() => ended(null), ended);
    return answer;
  };
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
