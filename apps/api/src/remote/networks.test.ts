import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inNetworks, isPublicAddress, parseNetwork } from './networks.ts';

/** First and last address of each, and, where those are public, their neighbours outside. */
const RANGES: readonly (readonly string[])[] = [
  ['this network', '0.0.0.0', '0.255.255.255', '', '1.0.0.0'],
  ['private 10', '10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['carriers', '100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['loopback', '127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['link-local', '169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['private 172', '172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['protocols', '192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['documentation 1', '192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['6to4 relays', '192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['private 192', '192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['benchmarks', '198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['documentation 2', '198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['documentation 3', '203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['multicast', '224.0.0.0', '239.255.255.255', '223.255.255.255'],
  ['reserved, broadcast', '240.0.0.0', '255.255.255.255'],
  ['below global IPv6', '::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['protocols and Teredo', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '', '2001:200::'],
  ['documentation 4', '2001:db8::', '2001:db8:ffff::', '2001:db7:ffff::', '2001:db9::'],
  ['6to4', '2002::', '2002:ffff::', '2001:ffff::', '2003::'],
  ['documentation 5', '3fff::', '3fff:fff:ffff::', '3ffe:ffff::', '3fff:1000::'],
  ['above global IPv6', '4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:ffff::'],
];

describe('public addresses', () => {
  it.each(RANGES)('are not those of %s', (_, first, last, before, after) => {
    expect([isPublicAddress(first), isPublicAddress(last)]).toEqual([false, false]);
    if (before) expect(isPublicAddress(before)).toBe(true);
    if (after) expect(isPublicAddress(after)).toBe(true);
  });

  it.each([
    '169.254.169.254', // metadata of the clouds
    '100.100.100.200', // and another cloud's
    'fd00:ec2::254',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8', // mapped: not an address that DNS gives for IPv6
    '::ffff:0:8.8.8.8', // translated, SIIT
    '::8.8.8.8', // compatible
    '64:ff9b::8.8.8.8', // NAT64
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::', // 6to4 of 127.0.0.1
    '2001:0:7f00:1::', // Teredo
    'fc00::1',
    'fdff::1',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1111%eth0',
    'fec0::1',
    'ff02::1',
    '100::1',
    'localhost',
    '',
    '1.2.3',
    '0x7f.0.0.1',
  ])('are not %j', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001::64'])(
    'are those like %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it('agree with arithmetic on any IPv4 address', () => {
    const within = (value: number, base: number, bits: number) =>
      value >>> (32 - bits) === base >>> (32 - bits);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        const text = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
        const isPrivate =
          within(value, 10 << 24, 8) ||
          within(value, (172 << 24) | (16 << 16), 12) ||
          within(value, (192 << 24) | (168 << 16), 16) ||
          within(value, 127 << 24, 8) ||
          within(value, (169 << 24) | (254 << 16), 16) ||
          value < 2 ** 24 ||
          value >= 224 * 2 ** 24;
        if (isPrivate) expect(isPublicAddress(text)).toBe(false);
        expect(isPublicAddress(`::ffff:${text}`)).toBe(false);
      }),
    );
  });
});

describe('networks', () => {
  it.each([
    ['10.1.0.0/16', { address: '10.1.0.0', prefix: 16, family: 'ipv4' }],
    ['10.1.2.3', { address: '10.1.2.3', prefix: 32, family: 'ipv4' }],
    ['fd00::/8', { address: 'fd00::', prefix: 8, family: 'ipv6' }],
    ['::1', { address: '::1', prefix: 128, family: 'ipv6' }],
    ['0.0.0.0/0', { address: '0.0.0.0', prefix: 0, family: 'ipv4' }],
  ])('are read from %s', (text, network) => expect(parseNetwork(text)).toEqual(network));

  it.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    'lab.example',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    '/8',
  ])('are not read from %j', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
    expect(() => inNetworks([text])).toThrow(/is no network/);
  });

  it('hold the addresses that share their first bits', () => {
    const inside = inNetworks(['10.1.0.0/16', 'fd00:1::/32']);
    expect(['10.1.255.255', 'fd00:1:ffff::1', '::ffff:10.1.0.1'].map(inside)).toEqual([true, true, true]);
    expect(['10.2.0.0', 'fd00:2::', '10.1', 'x'].map(inside)).toEqual([false, false, false, false]);
  });
});
