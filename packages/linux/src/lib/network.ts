import { BlockList, isIP } from 'node:net';
import * as z from 'zod';

/** An address or a network, IPv4 or IPv6: `10.0.0.5`, `10.0.0.0/8`, `2001:db8::/32`. */
export const network = z.string().refine(isNetwork, 'must be an address, or a network such as 10.0.0.0/8');

export const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IPv4 or IPv6 address');

/** An input that may be left out, and is by an empty text too: an expression of a runbook always gives something. */
export function orNone<S extends typeof address | typeof network>(schema: S) {
  return z
    .union([schema, z.literal('')])
    .optional()
    .transform((text) => text || undefined);
}

export const host = z
  .string()
  .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a name or an address')
  .regex(/^[^-]/)
  .describe('Name or address of the other host');

export const port = z.number().int().min(1).max(65_535).describe('Number of the port');

export const protocol = z.enum(['tcp', 'udp']).default('tcp').describe('`tcp` or `udp`');

/** `ipv4` or `ipv6`, of an address or a network. */
export function familyOf(text: string): 'ipv4' | 'ipv6' {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

/** Whether an address, or a whole network, lies in a network. */
export function inNetwork(inner: string, outer: string): boolean {
  if (!isNetwork(inner) || !isNetwork(outer) || familyOf(inner) !== familyOf(outer)) return false;
  const [base = '', own] = inner.split('/');
  const [net = '', bits] = outer.split('/');
  const most = familyOf(inner) === 'ipv4' ? 32 : 128;
  if (Number(own ?? most) < Number(bits ?? most)) return false;
  const list = new BlockList();
  list.addSubnet(net, Number(bits ?? most), familyOf(outer));
  return list.check(base, familyOf(inner));
}

function isNetwork(text: string): boolean {
  const [base = '', bits, more] = text.split('/');
  const kind = isIP(base);
  if (kind === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
}
