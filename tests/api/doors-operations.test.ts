import { afterAll, describe, expect, test } from 'bun:test';
import { createApp } from '../../src/app';
import { type Doors, SELLER, SELLER_ID, startDoors } from '../support/doors';

const doors: Doors = startDoors();
afterAll(() => doors.stop());

describe('operations', () => {
  test('/healthz says that the process answers', async () => {
    expect(await (await doors.fetch('/healthz')).json()).toEqual({ status: 'ok' });
  });

  test('/readyz says that every part can be used', async () => {
    const response = await doors.fetch('/readyz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok', checks: { database: 'ok', store: 'ok', accepting: 'ok' } });
  });

  test('/readyz names the part that fails or does not answer, and nothing more', async () => {
    const readiness = {
      database: () => Promise.reject(new Error('password authentication failed for user x')),
      store: () => new Promise(() => undefined),
      migrations: () => {
        throw new Error('sync');
      },
      jobs: async () => undefined,
    };
    const broken = startDoors({ readiness });
    const response = await broken.fetch('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'unavailable',
      checks: { database: 'failed', store: 'failed', migrations: 'failed', jobs: 'ok', accepting: 'ok' },
    });
    await broken.stop();
  });

  test('/readyz tells details, which decide nothing: one that fails is left out', async () => {
    const own = startDoors({ details: async () => ({ last_success: { backup: '2026-01-01T00:00:00.000Z' } }) });
    const broken = startDoors({ details: () => Promise.reject(new Error('x')) });
    const told = await (await own.fetch('/readyz')).json();
    expect(told).toMatchObject({ status: 'ok', details: { last_success: { backup: '2026-01-01T00:00:00.000Z' } } });
    const silent = await broken.fetch('/readyz');
    expect([silent.status, Object.keys((await silent.json()) as object)]).toEqual([200, ['status', 'checks']]);
    await Promise.all([own.stop(), broken.stop()]);
  });

  test('/metrics counts requests by template and status', async () => {
    const own = startDoors();
    await own.fetch(`/api/things/${SELLER_ID}`, { headers: SELLER });
    await own.fetch('/api/things/nothing', { headers: SELLER });
    await own.fetch(`/${crypto.randomUUID()}`);
    const response = await own.fetch('/metrics');
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(text).toContain('http_requests_total{method="GET",route="/api/things/{id}",status="200"} 1');
    expect(text).toContain('http_requests_total{method="GET",route="/api/things/{id}",status="422"} 1');
    expect(text).toContain('http_requests_total{method="GET",route="unmatched",status="404"} 1');
    expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/api\/things\/\{id\}"\} 2/);
    expect(text).toContain('process_resident_memory_bytes');
    await own.stop();
  });

  test('/metrics asks for its token where it has one', async () => {
    const own = startDoors({ metricsToken: 'scrape-me' });
    const status = async (headers: Record<string, string>) => (await own.fetch('/metrics', { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer scrape-you' })).toBe(401);
    expect(await status(SELLER)).toBe(401);
    expect(await status({ authorization: 'Bearer scrape-me' })).toBe(200);
    await own.stop();
  });
});

test('a port that is taken is not shared: the second server does not start', () => {
  expect(() => createApp(doors.parts).listen({ port: doors.port, hostname: '127.0.0.1' })).toThrow('in use');
});
