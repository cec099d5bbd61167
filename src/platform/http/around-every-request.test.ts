import { expect, test } from 'bun:test';
import { silentLog } from '../../../tests/support/log';
import { createMetrics } from '../telemetry/metrics';
import { aroundEveryRequest, type Handler } from './around-every-request';
import { corsOf } from './cors';
import { InFlight } from './shutdown';

const inFlight = new InFlight();
const around = aroundEveryRequest({ cors: corsOf([]), log: silentLog, metrics: createMetrics(), inFlight });

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
