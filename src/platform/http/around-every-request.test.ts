import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../tests/support/log';
import { createMetrics } from '../telemetry/metrics';
import { aroundEveryRequest, type Handler } from './around-every-request';
import { corsOf } from './cors';
import { exchangeOf } from './exchange';
import { KeptOpen } from './kept-open';
import { InFlight } from './shutdown';

const inFlight = new InFlight();
const around = aroundEveryRequest({
  cors: corsOf([]),
  log: silentLog,
  metrics: createMetrics(),
  inFlight,
  admitRequest: () => Promise.resolve(),
  strictTransport: () => null,
  keptOpen: new KeptOpen(() => undefined, 1_000),
  closes: () => false,
});

function ask(next: Handler): Response | undefined | Promise<Response | undefined> {
  return around(next)(new Request('http://test.invalid/x'));
}

test('what is thrown past every door is answered as an error of ours, and nothing stays in flight', async () => {
  const response = await ask(() => {
    expect(inFlight.count).toBe(1);
    throw new Error('secret reason');
  });
  expect(response?.status).toBe(500);
  expect(await response?.text()).not.toContain('secret reason');
  expect(inFlight.count).toBe(0);
});

test('a connection that was taken over has no answer', async () => {
  expect(await ask(() => undefined)).toBeUndefined();
});

describe('what a refused client still sends', () => {
  const sending = (pieces: number, headers: Record<string, string> = {}) => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(to) {
          sent += 1;
          if (sent > pieces) to.close();
          else to.enqueue(new Uint8Array(1_000));
        },
      },
      { highWaterMark: 0 },
    );
    return { request: new Request('http://test.invalid/x', { method: 'POST', body, headers }), sent: () => sent };
  };
  const refuse: Handler = () => Response.json('no', { status: 413 });

  test.each([
    ['of an unknown length', {}],
    ['of a great length', { 'content-length': '100000' }],
  ])('%s is taken in before the answer ends', async (_what, headers) => {
    const { request, sent } = sending(100, headers);
    const response = await around(refuse)(request);
    expect(await response?.json()).toBe('no');
    expect(sent()).toBe(101);
  });

  test('is left alone where it is small, where it was read, and where nothing was refused', async () => {
    const small = sending(3, { 'content-length': '3000' });
    await around(refuse)(small.request);
    const read = sending(3);
    const reading = around((request) => {
      exchangeOf(request).bodyRead = true;
      return Response.json('no', { status: 422 });
    });
    await reading(read.request);
    const fine = sending(3);
    await around(() => Response.json('yes'))(fine.request);
    expect([small.sent(), read.sent(), fine.sent()]).toEqual([0, 0, 0]);
  });
});
