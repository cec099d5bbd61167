import { describe, expect, test } from 'bun:test';
import { LIFECYCLE_EVENTS, STATUSES } from './lifecycle';
import { lifecycleEdges, mayTake } from './lifecycle-edges';

const edges = lifecycleEdges();
const takersOf = (event: string, from: string) =>
  edges.find((edge) => edge.event === event && edge.from.status === from)?.takenBy;

describe('the edges of the lifecycle', () => {
  test('are the eleven of the machine, RETRY once for each phase it leads back to', () => {
    const named = edges.map(({ from, event, to }) => `${from.status} ${event} ${to}`);
    expect(new Set(named).size).toBe(named.length);
    expect(named).toHaveLength(11);
    expect(named.filter((name) => name.includes('RETRY'))).toEqual([
      'failed RETRY processing',
      'failed RETRY publishing',
    ]);
  });

  test('are each open to an operator, and to those who are named for it', () => {
    expect(edges.every(({ takenBy }) => takenBy.includes('operator'))).toBe(true);
    expect(takersOf('PUBLISH', 'ready')).toEqual(['seller', 'operator']);
    expect(takersOf('COMPLETE', 'processing')).toEqual(['worker', 'operator']);
    expect(takersOf('FAIL', 'uploading')).toEqual(['system', 'operator']);
    expect(takersOf('FAIL', 'ready')).toEqual(['operator']);
  });
});

describe('who may take an edge', () => {
  test('is who the edge names, of all kinds, statuses and events', () => {
    for (const kind of ['seller', 'worker', 'system'] as const) {
      const may = STATUSES.flatMap((from) =>
        LIFECYCLE_EVENTS.filter((event) => mayTake(kind, from, event)).map((event) => `${from} ${event}`),
      );
      const named = edges.filter(({ takenBy }) => takenBy.includes(kind));
      expect(may.sort()).toEqual([...new Set(named.map(({ from, event }) => `${from.status} ${event}`))].sort());
    }
  });

  test('is judged by the kind alone, not by a name that somebody gave himself', () => {
    expect(mayTake('worker:operator', 'ready', 'PUBLISH')).toBe(false);
    expect(mayTake('seller:worker', 'processing', 'COMPLETE')).toBe(false);
    expect(mayTake('worker:gpu-7', 'processing', 'COMPLETE')).toBe(true);
    expect(mayTake('operators', 'ready', 'FAIL')).toBe(false);
  });
});
