import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { resumeAfter } from './resume';

test.each([
  ['who has seen a kept event goes on behind it', 3, { first: 1, last: 7, floor: 0 }, { after: 3, resync: false }],
  ['who has seen them all misses nothing', 7, { first: 1, last: 7, floor: 0 }, { after: 7, resync: false }],
  ['the event before the oldest kept one is enough', 2, { first: 3, last: 7, floor: 0 }, { after: 2, resync: false }],
  ['what is older than what is kept cannot be told', 1, { first: 3, last: 7, floor: 0 }, { after: 7, resync: true }],
  ['nor when nothing is kept any more', 6, { first: null, last: 7, floor: 0 }, { after: 7, resync: true }],
  ['but the last one is the last one, kept or not', 7, { first: null, last: 7, floor: 0 }, { after: 7, resync: false }],
  [
    'a number that was never given is from before a restore',
    8,
    { first: 1, last: 7, floor: 0 },
    { after: 7, resync: true },
  ],
  [
    'what was seen before a restore is not what the same numbers name now',
    7,
    { first: null, last: 100, floor: 100 },
    { after: 100, resync: true },
  ],
  ['not even when more has come since', 7, { first: 101, last: 107, floor: 100 }, { after: 107, resync: true }],
  [
    'who has read again at the restore goes on',
    100,
    { first: 101, last: 107, floor: 100 },
    { after: 100, resync: false },
  ],
  ['a seller without events begins at 0', 0, { first: null, last: 0, floor: 0 }, { after: 0, resync: false }],
])('%s', (_promise, lastEventId, kept, expected) => {
  expect(resumeAfter(lastEventId, kept)).toEqual(expected);
});

test('whoever is not told to read again gets every number after its own', () => {
  const kept = fc
    .tuple(fc.nat(50), fc.nat(50))
    .map(([a, b]) => ({ last: Math.max(a, b), first: Math.min(a, b) + 1 }))
    .map(({ first, last }) => ({ last, first: first > last ? null : first, floor: 0 }));
  fc.assert(
    fc.property(fc.nat(60), kept, (lastEventId, events) => {
      const { after, resync } = resumeAfter(lastEventId, events);
      if (resync) return after === events.last;
      return after === lastEventId && (after === events.last || (events.first ?? Number.NaN) <= after + 1);
    }),
  );
});
