import { AppError } from '../../kernel/app-error';
import { jsonObject } from './json-body';

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** Of such a request a body is read even where no field is expected in it: it may be broken, too large, or too slow. */
export function readsBody(method: string): boolean {
  return WITH_BODY.has(method);
}

/**
 * The input of a procedure: path parameters, query parameters and the fields of a JSON body, in one object.
 * @throws AppError VALIDATION_FAILED for a name that comes from two of them; MALFORMED_REQUEST; REQUEST_TOO_LARGE
 */
export async function restInput(request: Request, params: Readonly<Record<string, string>>): Promise<object> {
  const input: Record<string, unknown> = { ...params };
  take(input, queryOf(request.url));
  if (readsBody(request.method)) take(input, await jsonObject(request));
  return input;
}

function take(input: Record<string, unknown>, fields: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(fields)) {
    if (Object.hasOwn(input, name)) throw givenTwice(name);
    define(input, name, fields[name]);
  }
}

function givenTwice(name: string): AppError {
  const message = 'Given both in the path or the query and again.';
  return new AppError('VALIDATION_FAILED', message, { details: { fields: [{ path: name, message }] } });
}

/** A name that is there more than once becomes a list. */
function queryOf(url: string): Record<string, unknown> {
  const start = url.indexOf('?');
  if (start === -1) return {};
  const query: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (!Object.hasOwn(query, name)) define(query, name, value);
    else query[name] = [query[name], value].flat();
  }
  return query;
}

/** Unlike an assignment, it keeps a field named `__proto__` a field, for the schema to refuse. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
