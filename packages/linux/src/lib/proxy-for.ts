import type { ProxyVariable } from '../facts/proxy.ts';

/** Whether programs go to a server by way of a proxy, and why. */
export type Way =
  | { readonly proxy: false; readonly because: string }
  | { readonly proxy: true; readonly by: ProxyVariable; readonly because: string };

/**
 * As curl(1) and its like decide: `http_proxy` in small letters only (a CGI would set it in capitals), the others in either, `all_proxy` last;
 * `no_proxy` lists hosts, domains (with or without a dot in front), addresses, networks, or `*`.
 */
export function proxyFor(server: string, variables: readonly ProxyVariable[]): Way {
  const url = new URL(server);
  const scheme = url.protocol.slice(0, -1);
  const of = (...names: readonly string[]) =>
    names.flatMap((name) => variables.filter((one) => one.name === name && one.value !== ''))[0];
  const by =
    scheme === 'http'
      ? of('http_proxy', 'all_proxy', 'ALL_PROXY')
      : of(`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY');
  if (by === undefined) return { proxy: false, because: `no variable names a proxy for ${scheme}` };
  const exempt = of('no_proxy', 'NO_PROXY');
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const entry = exempt?.value.split(/[,\s]+/).find((one) => matches(one.toLowerCase(), host, url.port));
  if (entry !== undefined) return { proxy: false, because: `${exempt?.name} has ${entry}` };
  const lacks = exempt === undefined ? 'there is no no_proxy' : `${exempt.name} has no entry for ${host}`;
  return { proxy: true, by, because: `${by.name} is ${by.value}, and ${lacks}` };
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const [, name = entry, itsPort] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
  if (itsPort !== undefined && itsPort !== port) return false;
  if (name.includes('/')) return inNetwork(host, name);
  const bare = name.replace(/^\*?\./, '');
  return host === bare || (!isAddress(host) && host.endsWith(`.${bare}`));
}

function inNetwork(host: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/');
  const [address, first] = [numberOf(host), numberOf(base)];
  if (address === undefined || first === undefined || !/^\d+$/.test(length) || Number(length) > 32)
    return false;
  const size = 2 ** (32 - Number(length));
  return Math.floor(address / size) === Math.floor(first / size);
}

function isAddress(host: string): boolean {
  return numberOf(host) !== undefined || host.includes(':');
}

function numberOf(host: string): number | undefined {
  const parts = host.split('.').map(Number);
  return /^\d+(\.\d+){3}$/.test(host) && parts.every((part) => part < 256)
    ? parts.reduce((sum, part) => sum * 256 + part, 0)
    : undefined;
}
