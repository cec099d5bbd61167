import { safeText } from './safe-text';

/** What stands where a secret stood. */
const REDACTED = '[redacted]';

// Names of fields whose text is a secret or a seller's own words, however they are spelled.
const SECRET_NAME =
  /authorization|cookie|websocketprotocol|ticket|passw|token|secret|credential|prompt|signature|apikey|accesskey|jwt|databaseurl|connectionstring/;
// These say something about a secret without being one.
const HARMLESS_NAME = /^(tokentype|prompttextlength)$/;
// Of an error only these are logged: `detail`, `params` and `query` of a database error hold whole rows.
const ERROR_FIELDS = ['code', 'constraint', 'table', 'severity', 'errno', 'syscall', 'status', 'details'] as const;
const MAX_DEPTH = 6;

/**
 * A copy that may be logged: fields with a secret's name are replaced, and every text in it has passed `safeText`.
 * Errors become `{type, message, stack, cause, …}`. Cycles end at a fixed depth; bytes are only counted.
 */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return safeText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString();
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return redactedError(value, depth);
  if (value instanceof Date) return value;
  if (value instanceof URL) return safeText(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  const entries = value instanceof Headers || value instanceof Map ? value.entries() : Object.entries(value);
  return redactedFields(entries, depth);
}

function redactedFields(entries: Iterable<[unknown, unknown]>, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    const key = String(name);
    copy[safeText(key)] = isSecret(key) && hides(value) ? REDACTED : redacted(value, depth + 1);
  }
  return copy;
}

function isSecret(name: string): boolean {
  const plain = name.replaceAll(/[-_ ]/g, '').toLowerCase();
  return SECRET_NAME.test(plain) && !HARMLESS_NAME.test(plain);
}

/** Numbers and flags under such a name are counts: `revoked_tokens: 3`. */
function hides(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function redactedError(error: Error, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {
    type: error.name,
    message: safeText(error.message),
    stack: safeText(error.stack ?? ''),
  };
  for (const name of ERROR_FIELDS) {
    const value = (error as unknown as Record<string, unknown>)[name];
    if (value !== undefined) copy[name] = redacted(value, depth + 1);
  }
  if (error.cause !== undefined) copy.cause = redacted(error.cause, depth + 1);
  if (error instanceof AggregateError) copy.errors = redacted(error.errors, depth + 1);
  return copy;
}
