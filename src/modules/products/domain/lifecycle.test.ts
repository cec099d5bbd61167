import { describe, expect, test } from 'bun:test';
import { createActor } from 'xstate';
import { LIFECYCLE_EVENTS, type LifecycleEvent, lifecycle, nextStatus, STATUSES, type Status } from './lifecycle';

/** The picture of the design, written a second time by hand: a slip in the machine has to be made twice. */
const EDGES: Record<Status, Partial<Record<LifecycleEvent, Status>>> = {
  uploading: { UPLOADS_VERIFIED: 'processing', FAIL: 'failed' },
  processing: { COMPLETE: 'ready', FAIL: 'failed' },
  ready: { PUBLISH: 'publishing', REGENERATE: 'processing', FAIL: 'failed' },
  publishing: { PUBLISHED: 'published', FAIL: 'failed' },
  published: {},
  failed: {},
};

describe('the lifecycle', () => {
  for (const status of STATUSES.filter((one) => one !== 'failed')) {
    test(`${status} has the edges of the design and no other`, () => {
      for (const event of LIFECYCLE_EVENTS) {
        expect(nextStatus({ status, failedFrom: null }, event)).toBe(EDGES[status][event] ?? null);
      }
    });
  }

  test('RETRY leads back to the phase that failed, and nowhere when that was the upload or a ready product', () => {
    const after = (failedFrom: Status | null) => nextStatus({ status: 'failed', failedFrom }, 'RETRY');
    expect(STATUSES.filter((status) => after(status) === status)).toEqual(['processing', 'publishing']);
    expect(STATUSES.filter((status) => after(status) === null)).toEqual(['uploading', 'ready', 'published', 'failed']);
    expect(after(null)).toBeNull();
  });

  test('failed knows no event but RETRY', () => {
    for (const event of LIFECYCLE_EVENTS.filter((one) => one !== 'RETRY')) {
      for (const failedFrom of STATUSES) expect(nextStatus({ status: 'failed', failedFrom }, event)).toBeNull();
    }
  });

  test('the machine runs by itself, as a visualizer runs it: it remembers where it failed and forgets it on RETRY', () => {
    const actor = createActor(lifecycle).start();
    const send = (type: LifecycleEvent) => {
      actor.send({ type });
      const { value, context } = actor.getSnapshot();
      return [value, context.failedFrom];
    };
    expect(actor.getSnapshot().value).toBe('uploading');
    expect(send('UPLOADS_VERIFIED')).toEqual(['processing', null]);
    expect(send('FAIL')).toEqual(['failed', 'processing']);
    expect(send('RETRY')).toEqual(['processing', null]);
    expect(send('COMPLETE')).toEqual(['ready', null]);
    expect(send('PUBLISH')).toEqual(['publishing', null]);
    expect(send('FAIL')).toEqual(['failed', 'publishing']);
    expect(send('RETRY')).toEqual(['publishing', null]);
    expect(send('PUBLISHED')).toEqual(['published', null]);
    expect(actor.getSnapshot().status).toBe('done');
  });
});
