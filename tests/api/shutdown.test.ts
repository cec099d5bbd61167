import { describe, expect, test } from 'bun:test';
import { gracefulStop } from '../../src/platform/http/shutdown';
import { type Doors, SELLER, startDoors } from '../support/doors';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { rawPost } from '../support/raw-http';

function stop(doors: Doors, graceMs: number): Promise<number> {
  if (!doors.app.server) throw new Error('not listening');
  return gracefulStop(doors.app.server, doors.inFlight, graceMs);
}

async function untilInFlight(doors: Doors, count: number): Promise<void> {
  for (let tries = 0; doors.inFlight.count !== count && tries < 200; tries += 1) await Bun.sleep(5);
  expect(doors.inFlight.count).toBe(count);
}

describe('a server that stops', () => {
  test('finishes what is under way, takes nothing new, and closes the connection after the answer', async () => {
    const doors = startDoors();
    const slow = doors.fetch('/api/slow?ms=400');
    await untilInFlight(doors, 1);
    const stopped = stop(doors, 5_000);
    await Bun.sleep(50);
    expect(doors.fetch('/healthz')).rejects.toThrow();
    const response = await slow;
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
    expect(await stopped).toBe(0);
    expect(doors.inFlight.count).toBe(0);
  });

  test('lets an upload under way finish', async () => {
    const doors = startDoors();
    const body = multipartBytes(productParts('p', [new Uint8Array(200_000)]));
    const answer = rawPost(doors.port, {
      path: '/api/uploads',
      headers: { ...SELLER, 'content-type': multipartType(), 'content-length': String(body.length) },
      async send(write) {
        await write(body.subarray(0, 100_000));
        await Bun.sleep(400);
        await write(body.subarray(100_000));
      },
    });
    await untilInFlight(doors, 1);
    const stopped = stop(doors, 5_000);
    expect((await answer).status).toBe(201);
    expect(await stopped).toBe(0);
  });

  test('cuts off what does not end in time, and says how much that was', async () => {
    const doors = startDoors();
    const slow = doors.fetch('/api/slow?ms=60000').then(
      () => 'answered',
      () => 'cut off',
    );
    await untilInFlight(doors, 1);
    expect(await stop(doors, 200)).toBe(1);
    expect(await slow).toBe('cut off');
  });

  test('ends event streams, which would not end by themselves', async () => {
    const doors = startDoors();
    const response = await doors.fetch('/trpc/things.ticks', { headers: { accept: 'text/event-stream' } });
    const text = response.text();
    await Bun.sleep(50);
    expect(await stop(doors, 5_000)).toBe(0);
    expect(await text).toContain('data: 1');
  });

  test('is not ready from the first moment, while it still answers', async () => {
    const doors = startDoors();
    doors.inFlight.drain();
    const response = await doors.fetch('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'unavailable', checks: { accepting: 'failed' } });
    expect((await doors.fetch('/healthz')).status).toBe(200);
    await doors.stop();
  });
});
