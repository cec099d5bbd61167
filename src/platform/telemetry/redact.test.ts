import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createLog, logWith } from './log';
import { redacted } from './redact';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';

function logged(fields: object, message = 'said'): string {
  const lines: string[] = [];
  createLog('debug', { write: (line) => lines.push(line) }).info(fields, message);
  return lines.join('');
}

describe('a log line never holds', () => {
  const secret = 'S3cr3t-v4lue';
  const signed = `http://s/b/k?X-Amz-Algorithm=A&X-Amz-Credential=${secret}&X-Amz-Signature=${secret}&x-id=GetObject`;
  test.each([
    ['the Authorization header', { headers: { Authorization: `Bearer ${secret}` } }],
    ['Authorization in Headers', { headers: new Headers({ authorization: `Bearer ${secret}` }) }],
    ['Sec-WebSocket-Protocol', { headers: { 'sec-websocket-protocol': `bearer, ${secret}` } }],
    ['a cookie', { 'Set-Cookie': [`a=${secret}`] }],
    ['a bearer token in a text', { note: `got bearer ${secret}` }],
    ['a websocket protocol in a text', { note: `protocols: bearer, ${secret}` }],
    ['a JWT in a text', { note: `token ${JWT.slice(0, 40)}${secret}` }],
    ['a ticket in a URL', { url: `/ws/products?last_event_id=4&ticket=${secret}` }],
    ['what a signed URL of S3 is signed with', { url: signed }],
    ['a signed URL in an error message', { err: new Error(`GET ${signed} failed`) }],
    ['a signed URL inside another URL', { url: `/to?next=${encodeURIComponent(signed)}` }],
    ['a URL object', { url: new URL(signed) }],
    ['the signature of /files', { url: `http://h/files/b/k.jpg?expires=1&signature=${secret}` }],
    ['the identity of backups', { err: new Error(`Invalid checksum in AGE-SECRET-KEY-1${secret}`) }],
    ["a database URL's password", { note: `connect postgres://app:${secret}@db:5432/x failed` }],
    ['a password with an @ in it', { note: `postgres://app:a@${secret}@db/x` }],
    ['a field named password', { body: { current_password: secret, newPassword: secret } }],
    ['a field named refresh_token', { refresh_token: secret, accessToken: secret }],
    ['a prompt', { prompt_text: secret, product: { prompt: { text: secret } } }],
    ['a secret in JSON in a text', { note: `{"email":"a","password":"${secret} x","n":1}` }],
    ['a secret in escaped JSON', { note: JSON.stringify(`{"prompt_text":"${secret} and more"}`) }],
    ['a secret with a quote in it', { note: JSON.stringify({ password: `a"${secret}` }) }],
    ['a secret in key=value text', { note: `user=x password=${secret} host=y` }],
    [
      'parameters of a failed query',
      { err: new Error(`Failed query: insert into t values ($1)\nparams: ${secret},\n2`) },
    ],
    ['what is deep in causes', { err: new Error('a', { cause: new Error('b', { cause: `password: ${secret}` }) }) }],
    ['what an AggregateError gathers', { err: new AggregateError([new Error(`ticket=${secret}`)], 'all failed') }],
  ])('%s', (_what, fields) => {
    const line = logged(fields);
    expect(line).not.toContain(secret);
    expect(line).toContain('[redacted]');
  });

  test('the row in a database error', () => {
    const err = Object.assign(new Error('x'), { code: '23514', detail: secret, params: [secret], query: secret });
    expect(logged({ err })).toContain('23514');
    expect(logged({ err })).not.toContain(secret);
  });

  test('a text without end, in a time that does not grow with its square: that would outlast this test', () => {
    const line = logged({ note: 'http://password="'.repeat(200_000), other: '&ticket=a%26'.repeat(100_000) });
    expect(line.length).toBeLessThan(40_000);
  });

  test('a secret in its sentence', () => {
    expect(logged({}, `refused ${JWT}`)).not.toContain(JWT);
  });

  test('a secret wherever it stands among other fields', () => {
    fc.assert(
      fc.property(fc.object(), fc.constantFrom('token', 'X-Api-Key', 'jwt_secret', 'DATABASE_URL'), (around, name) => {
        expect(JSON.stringify(redacted({ around, at: [{ [name]: secret }] }))).not.toContain(secret);
      }),
    );
  });
});

describe('a log line keeps', () => {
  test('what is no secret, with ISO time and the level by name', () => {
    const line = JSON.parse(
      logged({ route: '/api/products/{id}', status: 201, token_type: 'bearer', tokens_revoked: 3 }),
    );
    expect(line).toMatchObject({
      level: 'info',
      route: '/api/products/{id}',
      status: 201,
      tokens_revoked: 3,
      msg: 'said',
    });
    expect(line.token_type).toBe('bearer');
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test('the address of a URL whose parameters are redacted', () => {
    expect(redacted('http://s/b/k?X-Amz-Signature=abc&x-id=GetObject')).toBe(
      'http://s/b/k?X-Amz-Signature=[redacted]&x-id=GetObject',
    );
    expect(redacted('postgres://app:pw@db:5432/x')).toBe('postgres://[redacted]@db:5432/x');
  });

  test('type, message, stack, code and cause of an error', () => {
    const err = Object.assign(new TypeError('broken', { cause: new Error('why') }), { code: '23505', constraint: 'c' });
    const seen = JSON.parse(logged({ err })).err;
    expect(seen).toMatchObject({ type: 'TypeError', message: 'broken', code: '23505', constraint: 'c' });
    expect(seen.stack).toContain('redact.test.ts');
    expect(seen.cause.message).toBe('why');
  });

  test('the stack behind the parameters of a failed query', () => {
    const seen = redacted('Error: Failed query: select 1\nparams: a,b\n    at run (x.ts:1:1)');
    expect(seen).toBe('Error: Failed query: select 1\nparams: [redacted]\n    at run (x.ts:1:1)');
  });

  test('its shape with values that JSON does not know', () => {
    const cycle: Record<string, unknown> = {
      bytes: new Uint8Array(3),
      big: 2n,
      map: new Map([['a', 1]]),
      run: () => 1,
    };
    cycle.self = cycle;
    const line = JSON.parse(logged({ cycle }));
    expect(line.cycle).toMatchObject({ bytes: '[3 bytes]', big: '2', map: { a: 1 }, run: '[function]' });
  });
});

test('a level that is not enabled writes nothing', () => {
  const lines: string[] = [];
  const log = createLog('warn', { write: (line) => lines.push(line) });
  log.debug({}, 'a');
  log.info({}, 'b');
  log.warn({}, 'c');
  log.error({}, 'd');
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(['warn', 'error']);
});

test('a log with fields writes them on every line', () => {
  const lines: string[] = [];
  const log = logWith(createLog('debug', { write: (line) => lines.push(line) }), { request_id: 'r1' });
  log.debug({ a: 1 }, 'x');
  log.info({ a: 1 }, 'x');
  log.warn({ a: 1 }, 'x');
  log.error({ a: 1 }, 'x');
  expect(lines.map((line) => JSON.parse(line).request_id)).toEqual(['r1', 'r1', 'r1', 'r1']);
});
