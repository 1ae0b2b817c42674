import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { inNetworks, isPublicAddress } from './networks.ts';

/** All addresses of a name. Rejects as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export const systemResolve: Resolve = async (hostname) =>
  (await systemLookup(hostname, { all: true })).map(({ address }) => address);

/** No address of a host is allowed, or it has none. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** May pass; the same name can be resolved the next time. */
const PASSING = new Set(['EAI_AGAIN', 'EAI_MEMORY', 'ESERVFAIL', 'ETIMEOUT', 'ECANCELLED', 'EMFILE']);

/**
 * A `lookup` for connections, which gives them allowed addresses only. What is checked here is what is connected to:
 * there is no second resolution that could answer otherwise. A name with public and private addresses is reached at the
 * public ones.
 */
export function guardedLookup(resolve: Resolve, allowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    addressesOf(hostname, resolve).then(
      (addresses) => {
        const families = addresses.filter(allowed).map((address) => ({ address, family: isIP(address) }));
        const [first] = families;
        if (first === undefined) callback(new Refused(), []);
        else if (options.all) callback(null, families);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(mayPass(error) ? error : new Refused(undefined, { cause: error }), []);
      },
    );
  };
}

const mayPass = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && PASSING.has(String(error.code));

async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly string[]> {
  // RFC 6761: these are loopback, whatever a resolver says.
  if (/(^|\.)localhost\.?$/i.test(hostname)) return ['127.0.0.1', '::1'];
  return resolve(hostname);
}

/** Addresses of this machine: behind them may be what a firewall keeps from others. */
export const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address));

/** Whether an address is public and somebody else's, or the operator's exception. */
export const allowing =
  (exceptions: (address: string) => boolean, own: () => readonly string[]) =>
  (address: string): boolean => {
    if (address.includes('%')) return false;
    return (
      exceptions(address) || (isPublicAddress(address) && !inNetworks(own().filter(isPublicAddress))(address))
    );
  };
