import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { clientAddresses, clientBlock, wrongProxy } from './client-address';

const TRUSTED = ['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48'];
const believed = (forwarded: string | null, peer: string | null, trusted: readonly string[] = TRUSTED) =>
  clientAddresses(trusted)(new Headers(forwarded === null ? {} : { 'x-forwarded-for': forwarded }), peer);

const proxy = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => `10.${parts.join('.')}`),
  fc.constantFrom('192.0.2.7', '2001:db8:1::9', '2001:DB8:1:2::a', '::ffff:10.0.0.3'),
);
const stranger = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => `203.${parts.join('.')}`),
  fc.constantFrom('192.0.2.8', '2001:db8:2::1', '9.9.9.9'),
);
const anything = fc.oneof(proxy, stranger, fc.constantFrom('', 'unknown', '<script>', '1.2.3', '10.0.0.1, 10.0.0.2'));

describe('the address of a client', () => {
  test('is the first one from the right that is no proxy of ours, whatever the client wrote before it', () => {
    fc.assert(
      fc.property(fc.array(anything), stranger, fc.array(proxy), proxy, (claims, client, hops, peer) => {
        expect(believed([...claims, client, ...hops].join(', '), peer)).toBe(client);
      }),
    );
  });

  test('is that of the connection where it comes from nobody we trust, whatever it claims', () => {
    fc.assert(
      fc.property(fc.array(anything), stranger, (claims, peer) => {
        expect(believed(claims.join(','), peer)).toBe(peer);
      }),
    );
    fc.assert(
      fc.property(fc.array(anything), proxy, (claims, peer) => believed(claims.join(','), peer, []) !== '9.9.9.9'),
    );
  });

  test('is the last proxy that we know where nothing that could be one stands before it', () => {
    expect(believed(null, '10.0.0.1')).toBe('10.0.0.1');
    expect(believed('10.0.0.2', '10.0.0.1')).toBe('10.0.0.2');
    expect(believed('9.9.9.9, unknown, 10.0.0.2', '10.0.0.1')).toBe('10.0.0.2');
    expect(believed('9.9.9.9', null)).toBeNull();
  });

  test('is read with a port, in brackets, and as a dual-stack socket shows it', () => {
    expect(believed('9.9.9.9:4711', '::ffff:10.0.0.1')).toBe('9.9.9.9');
    expect(believed('[2001:DB8:9::1]:4711', '10.0.0.1')).toBe('2001:db8:9::1');
    expect(believed('::ffff:8.8.8.8', '10.0.0.1')).toBe('8.8.8.8');
  });
});

describe('one client', () => {
  const group = fc.nat(0xffff).map((number) => number.toString(16));
  const groups = (count: number) => fc.array(group, { minLength: count, maxLength: count });

  test('is all of an IPv6 /64, and nothing beyond it', () => {
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), (net, host, other) => {
        const one = clientBlock([...net, ...host].join(':'));
        expect(clientBlock([...net, ...other].join(':'))).toBe(one);
        const elsewhere = [...net.slice(0, 3), net[3] === '1' ? '2' : '1'];
        expect(clientBlock([...elsewhere, ...host].join(':'))).not.toBe(one);
      }),
    );
  });

  test('is the same however its address is written', () => {
    const one = '2001:db8:0:0::/64';
    for (const way of ['2001:db8::1', '2001:0db8:0000:0000::2', '2001:db8:0:0:1:2:3:4', '2001:db8::0.0.0.5']) {
      expect(clientBlock(way)).toBe(one);
    }
    expect([clientBlock('::1'), clientBlock('fe80::1%eth0')]).toEqual(['0:0:0:0::/64', 'fe80:0:0:0::/64']);
  });

  test('is an IPv4 address', () => {
    expect([clientBlock('192.0.2.1'), clientBlock(null)]).toEqual(['192.0.2.1', 'unknown']);
  });
});

test('only addresses and CIDR blocks can be trusted', () => {
  for (const entry of [...TRUSTED, '0.0.0.0/0', '::/0', '::1']) expect(wrongProxy(entry)).toBeNull();
  for (const entry of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10/8', '::1/129', '10.0.0.0/8/8', 'true', '']) {
    expect(wrongProxy(entry)).not.toBeNull();
  }
});
