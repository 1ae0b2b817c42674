import { BlockList, isIP } from 'node:net';

/** A network: the addresses that share the first `prefix` bits with `address`. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Reads `10.1.0.0/16`, `fd00::/8`, or one address; undefined when it is none of them. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', digits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  return prefix > bits ? undefined : { address, prefix, family: `ipv${version === 4 ? 4 : 6}` };
}

/** Tells which addresses lie in some networks. IPv4 addresses written as IPv6 (`::ffff:1.2.3.4`) are seen through. */
export function inNetworks(texts: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network === undefined) throw new RangeError(`"${text}" is no network; give one like 10.1.0.0/16.`);
    list.addSubnet(network.address, network.prefix, network.family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

/** IPv4 that is not somebody on the internet: the registry of RFC 6890 and later, and multicast and above. */
export const SPECIAL_IPV4: Readonly<Record<string, string>> = {
  '0.0.0.0/8': 'this network, and unspecified (RFC 791)',
  '10.0.0.0/8': 'private (RFC 1918)',
  '100.64.0.0/10': "a carrier's (RFC 6598)",
  '127.0.0.0/8': 'loopback (RFC 1122)',
  '169.254.0.0/16': "link-local, and the clouds' metadata (RFC 3927)",
  '172.16.0.0/12': 'private (RFC 1918)',
  '192.0.0.0/24': 'of protocols (RFC 6890)',
  '192.0.2.0/24': 'documentation (RFC 5737)',
  '192.88.99.0/24': 'relays to IPv6, retired (RFC 7526)',
  '192.168.0.0/16': 'private (RFC 1918)',
  '198.18.0.0/15': 'benchmarks (RFC 2544)',
  '198.51.100.0/24': 'documentation (RFC 5737)',
  '203.0.113.0/24': 'documentation (RFC 5737)',
  '224.0.0.0/4': 'multicast (RFC 5771)',
  '240.0.0.0/4': 'reserved, and broadcast (RFC 1112)',
};

/** The only IPv6 that is routed: loopback, mapped, NAT64, unique-local, link-local and multicast lie outside. */
export const GLOBAL_IPV6 = '2000::/3';

/** What of it is not somebody on the internet, or hides an IPv4 address. */
export const SPECIAL_IPV6: Readonly<Record<string, string>> = {
  '2001::/23': 'of protocols, and Teredo, which hides an IPv4 address (RFC 2928, 4380)',
  '2001:db8::/32': 'documentation (RFC 3849)',
  '2002::/16': '6to4, which hides an IPv4 address (RFC 3056)',
  '3fff::/20': 'documentation (RFC 9637)',
};

const special = inNetworks([...Object.keys(SPECIAL_IPV4), ...Object.keys(SPECIAL_IPV6)]);
const global = inNetworks([GLOBAL_IPV6]);

/** Whether an address is one that anybody on the internet has. What is no address, or has a zone, is not. */
export function isPublicAddress(address: string): boolean {
  if (address.includes('%') || special(address)) return false;
  return isIP(address) === 4 || global(address);
}
