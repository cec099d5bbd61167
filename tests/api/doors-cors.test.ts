import { afterAll, describe, expect, test } from 'bun:test';
import { type Doors, startDoors } from '../support/doors';

const doors: Doors = startDoors();
afterAll(() => doors.stop());

describe('a page of another origin', () => {
  const ask = (origin: string, init: RequestInit = {}, from = doors) =>
    from.fetch('/api/things', { ...init, headers: { ...(init.headers as Record<string, string>), origin } });

  test('that is listed may call, and read the headers it needs', async () => {
    const { headers } = await ask('https://shop.example');
    expect(headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(headers.get('access-control-expose-headers')).toContain('x-request-id, location, idempotency-replayed');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('origin');
  });

  test('that is listed hears on preflight what it may send', async () => {
    const preflight = await ask('https://shop.example', {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'idempotency-key' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
    const allowed = preflight.headers.get('access-control-allow-headers')?.split(', ');
    const ofRequests = ['authorization', 'content-type', 'idempotency-key', 'x-upload-id', 'x-request-id'];
    const ofSignedGets = ['range', 'if-match', 'if-range', 'if-none-match'];
    expect(allowed).toEqual(expect.arrayContaining([...ofRequests, ...ofSignedGets]));
  });

  test.each(['https://evil.example', 'https://shop.example.evil.example', 'http://shop.example', 'null'])(
    'that is not listed may not: %s',
    async (origin) => {
      for (const method of ['GET', 'OPTIONS']) {
        expect((await ask(origin, { method })).headers.has('access-control-allow-origin')).toBe(false);
      }
    },
  );

  test('may read errors too', async () => {
    const response = await doors.fetch('/nothing', { headers: { origin: 'https://shop.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  });

  test('is any where the list says so, and none where there is no list', async () => {
    const open = startDoors({ corsOrigins: ['*'] });
    const closed = startDoors({ corsOrigins: [] });
    expect((await ask('https://any.example', {}, open)).headers.get('access-control-allow-origin')).toBe('*');
    expect((await ask('https://any.example', {}, closed)).headers.has('access-control-allow-origin')).toBe(false);
    await Promise.all([open.stop(), closed.stop()]);
  });

  test('finds any answer that came without it in the cache readable, where any page may read', async () => {
    const open = startDoors({ corsOrigins: ['*'] });
    for (const path of ['/docs/swagger-ui.css', '/nothing']) {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const { headers } = await open.fetch(path, { method });
        expect([path, method, headers.get('access-control-allow-origin')]).toEqual([path, method, '*']);
        expect(headers.get('access-control-expose-headers')).toContain('etag');
        expect(headers.get('vary') ?? '').not.toContain('origin');
      }
    }
    await open.stop();
  });
});
