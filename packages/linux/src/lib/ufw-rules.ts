import type { Knock, Openness } from '../facts/nft-rules.ts';
import { familyOf, inNetwork } from './network.ts';

/** What ufw is set to do with what comes in. */
export type Ufw = {
  readonly ruler: 'ufw';
  /** What becomes of packets that no rule is for: `allow`, `deny` or `reject`. */
  readonly incoming: string;
  /** Whether ufw keeps rules for IPv6. */
  readonly ipv6: boolean;
  /**
   * What user.rules and then user6.rules note of each rule behind `### tuple ###`, in the order of `ufw status numbered`:
   * `allow tcp 7321 0.0.0.0/0 any 10.0.0.0/8 in`, which is action, protocol, port, address, port of the source, source, direction.
   */
  readonly rules: readonly string[];
};

const anywhere = { ipv4: '0.0.0.0/0', ipv6: '::/0' } as const;

interface Rule {
  readonly action: string;
  readonly proto: string;
  readonly ports: string;
  readonly to: string;
  readonly fromPorts: string;
  readonly from: string;
  /** `in`, `in_eth0`, `out`, or the two interfaces of a route. */
  readonly direction: string;
  readonly comment: string | undefined;
}

/** What becomes of a packet: the first rule that it fits decides. */
export function openByUfw(
  { incoming, rules }: Ufw,
  knock: Knock,
): { readonly is: Openness; readonly because: string } {
  const name = `${knock.port}/${knock.proto}`;
  for (const [index, tuple] of rules.entries()) {
    const rule = parseTuple(tuple);
    const fits = fitsRule(rule, knock);
    if (fits === false) continue;
    const numbered = `rule ${index + 1} of ufw (${tuple})`;
    if (lets(rule)) {
      // One that opens it for some interfaces or addresses only is none that others can rely on.
      if (fits) return { is: 'open', because: `${numbered} lets ${name} in` };
    } else {
      return fits
        ? { is: 'closed', because: `${numbered} stops ${name}` }
        : { is: 'unknown', because: `${numbered} may stop ${name}` };
    }
  }
  return incoming === 'allow'
    ? { is: 'open', because: 'ufw lets everything in that it does not deny' }
    : { is: 'closed', because: `ufw does not allow ${name}` };
}

/** The rules with those that are missing for a port, behind the others of their family, where ufw puts them. */
export function withUfwRules(ufw: Ufw, knock: Knock): Ufw {
  const missing = openings(ufw, knock).filter((tuple) => !ufw.rules.some((one) => bare(one) === tuple));
  const add = (v6: boolean) => missing.filter((tuple) => isV6(tuple) === v6);
  const has = (v6: boolean) => ufw.rules.filter((tuple) => isV6(tuple) === v6);
  return { ...ufw, rules: [...has(false), ...add(false), ...has(true), ...add(true)] };
}

/** The rules without those that are for just this port and this source. */
export function withoutUfwRules(ufw: Ufw, knock: Knock): Ufw {
  const own = openings({ ...ufw, ipv6: true }, knock);
  return { ...ufw, rules: ufw.rules.filter((tuple) => !own.includes(bare(tuple))) };
}

/** Whether a rule is for IPv6: those come behind all the others. */
export function isV6(tuple: string): boolean {
  return parseTuple(tuple).to.includes(':');
}

/** The words of ufw(8) for a rule that this library makes, or one of the same form; for both families where `from` is `any`. */
export function ruleWords(tuple: string, from = parseTuple(tuple).from): readonly string[] {
  const { action, proto, ports, comment } = parseTuple(tuple);
  const words = [action, 'proto', proto, 'from', from, 'to', 'any', 'port', ports];
  return comment === undefined ? words : [...words, 'comment', comment];
}

/** Whether two rules are the same, one for each family, as ufw makes them of one command. */
export function areTwins(v4: string, v6: string): boolean {
  return v4.replaceAll(anywhere.ipv4, anywhere.ipv6) === v6;
}

function openings({ ipv6 }: Ufw, { port, proto, source }: Knock): readonly string[] {
  const tuple = (to: string, from: string) => `allow ${proto} ${port} ${to} any ${from} in`;
  if (source !== undefined) return [tuple(anywhere[familyOf(source)], source)];
  return (ipv6 ? (['ipv4', 'ipv6'] as const) : (['ipv4'] as const)).map((family) =>
    tuple(anywhere[family], anywhere[family]),
  );
}

function bare(tuple: string): string {
  return tuple.replace(/ comment=\S*$/, '');
}

/** `limit` lets in what does not come too often. */
function lets({ action }: Rule): boolean {
  return action === 'allow' || action === 'limit';
}

/** Whether a packet from outside fits; nothing where that depends on what is not asked for: an interface, an address of the host. */
function fitsRule(rule: Rule, knock: Knock): boolean | undefined {
  const { proto, ports, direction, from, to } = rule;
  if (direction !== 'in' && !direction.startsWith('in_')) return false;
  if (direction.includes('!')) return false;
  if (proto !== 'any' && proto !== knock.proto) return false;
  if (ports !== 'any' && !ports.split(',').some((range) => inRange(range, knock.port))) return false;
  if (!fitsSource(from, knock.source)) return false;
  const all = to === anywhere.ipv4 || to === anywhere.ipv6;
  return direction === 'in' && all && rule.fromPorts === 'any' ? true : undefined;
}

/** A rule for some of the sources is none for everybody; whether everybody is let in is told by the rules of IPv4. */
function fitsSource(from: string, source: string | undefined): boolean {
  if (source === undefined) return from === anywhere.ipv4;
  return inNetwork(source, from);
}

function inRange(range: string, port: number): boolean {
  const [low = '', high = low] = range.split(':');
  return Number(low) <= port && port <= Number(high);
}

function parseTuple(tuple: string): Rule {
  const [, text = '', hex] = /^(.*?)(?: comment=(\S*))?$/.exec(tuple) ?? [];
  const [verb = '', proto = '', ports = '', to = '', fromPorts = '', from = '', ...rest] = text.split(' ');
  return {
    // `allow_log` and `allow_log-all` allow too.
    action: verb.replace(/_.*/, ''),
    proto,
    ports,
    to,
    fromPorts,
    from,
    // Rules of an application name it before the direction.
    direction: verb.startsWith('route:') ? 'route' : (rest.at(-1) ?? ''),
    comment: hex === undefined ? undefined : Buffer.from(hex, 'hex').toString('utf8'),
  };
}
