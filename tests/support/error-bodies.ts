/**
 * Whatever the tests provoke, no answer of the server may tell how it is made. Every error body that any test receives is looked at
 * (tests/support/preload.ts), and the test that received one that tells fails.
 */
export interface Looked {
  /** How many bodies. */
  readonly count: number;
  /** What they told, with the request that provoked it. */
  readonly leaks: readonly string[];
}

const LEAKS: Readonly<Record<string, RegExp>> = {
  'a stack': /\bat [^"\n]{0,200}:\d+:\d+\b|\bnode_modules\b|\b[\w-]+\.[cm]?[jt]s:\d+/,
  'an error of the runtime':
    /\b(?:[A-Z][a-z]+)*(?:Error|Exception): |\bE(?:CONN[A-Z]+|NOENT|ACCES|PERM|XIST|NOSPC|PIPE|TIMEDOUT|HOSTUNREACH)\b/,
  SQL: /\b(?:select\b.{1,300}\bfrom|insert into|update\b.{1,200}\bset|delete from|create table)\b|\bviolates \S+ constraint|\brelation "|\bcolumn "|\bSQLSTATE\b|\bpg_\w+|\bdrizzle\b|\bFailed query\b/i,
  'a path of the machine':
    /(?:file:\/\/|[\s"'(=]|^)\/(?:tmp|var|home|root|usr|etc|data|opt|srv|work|app|proc|dev|private|Users)\/[\w.-]/,
  'a bucket': /\bs3:\/\/|\bintellipost-images\b|\btest-[0-9a-f]{8}-[0-9a-f]{4}-/,
  'a key of an object': /\b(?:products|quarantine|held)\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\//,
  'words of the store':
    /<Error>|\b(?:NoSuchKey|NoSuchBucket|AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId)\b|\bX-Amz-[A-Z]\w+=/,
  'a secret': /\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+|\$argon2|\bpostgres(?:ql)?:\/\/|-----BEGIN |\bJWT_SECRET\b/,
  'an address inside': /\b(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}\b/,
};

/** What a body tells that it must not; empty for one that is well. */
export function leaksIn(body: string): string[] {
  return Object.entries(LEAKS).flatMap(([what, pattern]) => {
    const found = pattern.exec(body)?.[0];
    return found === undefined ? [] : [`${what} (${found.slice(0, 120)})`];
  });
}

let count = 0;
let leaks: string[] = [];
const reading = new Set<Promise<void>>();

export function lookAtErrorBody(what: string, status: number, body: string): void {
  if (status < 400 && status !== 207) return;
  count += 1;
  const told = leaksIn(status === 207 ? errorsOf(body) : body);
  if (told.length > 0) leaks.push(`${what} was answered ${status} with ${told.join(', ')}: ${body.slice(0, 500)}`);
}

/** From now on every answer of a server of ours that `fetch` receives is looked at; others have no x-request-id. */
export function lookAtAllErrorBodies(): void {
  const { fetch } = globalThis;
  const looking = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    if ((response.status < 400 && response.status !== 207) || !response.headers.has('x-request-id')) return response;
    if (response.body === null) return response;
    const what = `${init?.method ?? 'GET'} ${pathOf(input)}`;
    const read = response
      .clone()
      .text()
      // of an answer that was broken off there is nothing to see
      .then(
        (body) => lookAtErrorBody(what, response.status, body),
        () => undefined,
      )
      .finally(() => reading.delete(read));
    reading.add(read);
    return response;
  };
  globalThis.fetch = Object.assign(looking, fetch);
}

/** What was told since the last time; waits, but not for ever, for bodies that are still coming. */
export async function lookedAtSoFar(): Promise<Looked> {
  if (reading.size > 0) await Promise.race([Promise.all(reading), Bun.sleep(2_000)]);
  const told = leaks;
  leaks = [];
  return { count, leaks: told };
}

/** Of a batch that was answered as one. */
function errorsOf(batch: string): string {
  const answers: unknown = JSON.parse(batch);
  if (!Array.isArray(answers)) return batch;
  return JSON.stringify(answers.filter((answer) => typeof answer === 'object' && answer !== null && 'error' in answer));
}

function pathOf(input: string | URL | Request): string {
  return new URL(input instanceof Request ? input.url : input).pathname;
}
