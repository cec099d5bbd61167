import { expect, test } from 'bun:test';
import { deviceColumns } from './device-columns';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', null],
  ['', null],
  [null, null],
])('the address %p is kept as %p', (ip, kept) => {
  expect(deviceColumns({ ip, userAgent: null })).toEqual({ ip: kept, userAgent: null });
});

test('a user agent is cut to 400 characters, none of them half', () => {
  expect(deviceColumns({ ip: null, userAgent: '😀'.repeat(500) }).userAgent).toBe('😀'.repeat(400));
  expect(deviceColumns({ ip: null, userAgent: 'a\0b\ud800' }).userAgent).toBe('ab\ufffd');
});
