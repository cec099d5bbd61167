import { afterAll, describe, expect, test } from 'bun:test';
import { type Doors, SELLER, startDoors } from '../support/doors';

const HSTS = 'strict-transport-security';
const started: Doors[] = [];
afterAll(() => Promise.all(started.map((doors) => doors.stop())));

function doorsBehind(change: Partial<Doors['parts']>): Doors {
  const doors = startDoors({ hstsMaxAge: 31_536_000, ...change });
  started.push(doors);
  return doors;
}

const proxied = doorsBehind({ trustedProxy: true });
const hsts = async (doors: Doors, proto: string | null, path = '/healthz', init: RequestInit = {}) => {
  const headers = { ...(init.headers as object), ...(proto === null ? {} : { 'x-forwarded-proto': proto }) };
  return (await doors.fetch(path, { ...init, headers })).headers.get(HSTS);
};

describe('that browsers are to come by TLS alone', () => {
  test.each([
    ['/healthz', {}],
    ['/nothing', {}],
    ['/docs', {}],
    ['/api/things', { method: 'OPTIONS' }],
    ['/api/things', { method: 'POST', headers: SELLER, body: '{' }],
    ['/trpc/nothing', {}],
  ] as [string, RequestInit][])(
    'is said behind a trusted proxy, on every kind of answer: %s %j',
    async (path, init) => {
      expect(await hsts(proxied, 'https', path, init)).toBe('max-age=31536000');
      expect(await hsts(proxied, 'HTTP, https', path, init)).toBe('max-age=31536000');
    },
  );

  test('is not said to who came to the proxy by plain HTTP, whatever it claims itself', async () => {
    for (const proto of [null, 'http', 'https, http']) expect(await hsts(proxied, proto)).toBeNull();
  });

  test('is not said on the word of a stranger, nor where it was not asked for', async () => {
    expect(await hsts(doorsBehind({ trustedProxy: false }), 'https')).toBeNull();
    expect(await hsts(doorsBehind({ trustedProxy: true, hstsMaxAge: 0 }), 'https')).toBeNull();
  });
});

test('a preflight from a listed origin, and from another, carries what every answer carries', async () => {
  for (const [origin, allowed] of [
    ['https://shop.example', 'https://shop.example'],
    ['https://evil.example', null],
  ] as const) {
    const headers = { origin, 'access-control-request-method': 'POST' };
    const answer = await proxied.fetch('/api/things', { method: 'OPTIONS', headers });
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
  }
});
