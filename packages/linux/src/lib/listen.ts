import { isIP } from 'node:net';
import { familyOf } from './network.ts';

/** Where a service listens, as configurations write it: `0.0.0.0:8080`, `[::]:8080`, `[2001:db8::5]:8080`. */
export interface Listen {
  readonly address: string;
  readonly port: number;
}

/** Reads it; nothing for what names no address, such as a host name or a socket's path. */
export function parseListen(text: string): Listen | undefined {
  const [, six, four, port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const address = six ?? four ?? '';
  return isIP(address) === 0 ? undefined : { address, port: Number(port) };
}

export function listenText({ address, port }: Listen): string {
  return `${familyOf(address) === 'ipv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Whether a service with this list listens on an address. `[::]` is taken for IPv6 alone (RFC 3493, IPV6_V6ONLY): whether it also takes IPv4 is a matter of
 * the service. A list that is empty, or that names what is no address, says nothing against it.
 */
export function listensOn(list: readonly string[], { address, port }: Listen): boolean {
  const places = list.map(parseListen);
  if (places.length === 0 || places.includes(undefined)) return true;
  return places.some(
    (one) => one?.port === port && (sameAddress(one.address, address) || one.address === wildcardOf(address)),
  );
}

/** What a list lacks to take in an address: all of its family where the list has all of another, else no more than it. */
export function lackingListen(list: readonly string[], { address, port }: Listen): string {
  const isWide = list.some((text) => ['0.0.0.0', '::'].includes(parseListen(text)?.address ?? ''));
  return listenText({ address: isWide ? wildcardOf(address) : address, port });
}

export function sameAddress(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

/** IPv6 is written in many ways (RFC 5952); URLs have one. */
function canonical(address: string): string {
  return familyOf(address) === 'ipv6' && isIP(address) === 6
    ? new URL(`http://[${address.replace(/%.*/, '')}]`).hostname
    : address;
}

function wildcardOf(address: string): string {
  return familyOf(address) === 'ipv6' ? '::' : '0.0.0.0';
}
