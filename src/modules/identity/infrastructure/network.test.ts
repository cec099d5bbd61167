import { expect, test } from 'bun:test';
import { networkOf } from './network';

test.each([
  ['203.0.113.7', '203.0.113.7/32'],
  ['::ffff:203.0.113.7', '203.0.113.7/32'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['unix:', null],
  ['', null],
])('%s stands for %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test('no address stands for nobody', () => {
  expect(networkOf(null)).toBeNull();
});
