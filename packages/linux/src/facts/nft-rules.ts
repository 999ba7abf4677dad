import { equal, isObject, type Json } from '@claw-run/core';
import { familyOf, inNetwork } from '../lib/network.ts';
import type { Firewall, InputChains, NftChain } from './firewall.ts';

/** A new connection, or a packet of UDP, from somewhere outside. */
export interface Knock {
  readonly port: number;
  readonly proto: 'tcp' | 'udp';
  /** Nothing for anybody. */
  readonly source: string | undefined;
}

export type Openness = 'open' | 'closed' | 'unknown';

/** Reads `nft -j -s list ruleset`; the format is described in libnftables-json(5). Handles are left out: they change. */
export function parseNft(text: string, fromFile: boolean): Firewall {
  const { nftables } = JSON.parse(text) as { nftables: readonly { readonly [kind: string]: Json }[] };
  const parts = <K extends string>(kind: K) =>
    nftables.flatMap((one) => (isObject(one[kind]) ? [one[kind]] : []));
  const rules = parts('rule');
  const chains = parts('chain')
    .filter(({ hook, type }) => hook === undefined || (hook === 'input' && type === 'filter'))
    .map(
      (chain): NftChain => ({
        family: String(chain.family),
        table: String(chain.table),
        name: String(chain.name),
        policy: chain.hook === 'input' ? String(chain.policy ?? 'accept') : null,
        rules: rules
          .filter(
            (rule) => rule.family === chain.family && rule.table === chain.table && rule.chain === chain.name,
          )
          .map(({ expr, comment }) => ({
            expr: expr as Json,
            comment: typeof comment === 'string' ? comment : null,
          })),
      }),
    );
  if (!chains.some(({ policy }) => policy !== null)) return { ruler: 'none' };
  return { ruler: 'nftables', chains, fromFile };
}

/** The chains that packets start in and that see this one. */
export function startsOf({ chains }: InputChains, { source }: Knock): readonly NftChain[] {
  const families =
    source === undefined ? ['ip', 'ip6', 'inet'] : [familyOf(source) === 'ipv4' ? 'ip' : 'ip6', 'inet'];
  return chains.filter(({ policy, family }) => policy !== null && families.includes(family));
}

/** What becomes of a packet in a chain that packets start in. */
export function openIn(all: InputChains, chain: NftChain, knock: Knock): Openness {
  const end = walk(all, chain, knock, 0);
  if (end !== 'falls') return end;
  return chain.policy === 'drop' ? 'closed' : 'open';
}

/** What the rule that opens a port is in JSON, and in words. */
export function openingRule({ port, proto, source }: Knock): { expr: Json; words: readonly string[] } {
  const ip = source === undefined ? undefined : familyOf(source) === 'ipv4' ? 'ip' : 'ip6';
  const [addr = '', bits] = source?.split('/') ?? [];
  const right = bits === undefined ? addr : { prefix: { addr, len: Number(bits) } };
  return {
    expr: [
      ...(ip === undefined ? [] : [match({ protocol: ip, field: 'saddr' }, right)]),
      match({ protocol: proto, field: 'dport' }, port),
      { accept: null },
    ],
    words: [...(ip === undefined ? [] : [ip, 'saddr', source ?? '']), proto, 'dport', String(port), 'accept'],
  };
}

/** The rule that opens a port as nft lists it. */
export function ruleText(knock: Knock, comment: string | null): string {
  return [...openingRule(knock).words, ...(comment === null ? [] : ['comment', `"${comment}"`])].join(' ');
}

function match(payload: Json, right: Json): Json {
  return { match: { op: '==', left: { payload }, right } };
}

function walk(all: InputChains, chain: NftChain, knock: Knock, depth: number): Openness | 'falls' {
  for (const { expr } of chain.rules) {
    const end = judge(all, chain, { expr: Array.isArray(expr) ? expr : [], knock, depth });
    if (end !== 'falls') return end;
  }
  return 'falls';
}

interface Judged {
  readonly expr: readonly Json[];
  readonly knock: Knock;
  readonly depth: number;
}

/** What a rule does with the packet: it ends it, or lets it fall to the next rule. */
function judge(all: InputChains, chain: NftChain, { expr, knock, depth }: Judged): Openness | 'falls' {
  let sure = true;
  for (const statement of expr) {
    if (!isObject(statement)) return 'unknown';
    const [kind = '', value] = Object.entries(statement as { readonly [kind: string]: Json })[0] ?? [];
    if (kind === 'match') {
      const fits = matches(value, knock);
      if (fits === false) return 'falls';
      if (fits === undefined) sure = false;
    } else if (kind === 'accept') return sure ? 'open' : 'unknown';
    else if (kind === 'drop' || kind === 'reject') return sure ? 'closed' : 'unknown';
    else if (kind === 'jump' || kind === 'goto') {
      const target = isObject(value) ? value.target : undefined;
      const next = all.chains.find(
        (one) => one.table === chain.table && one.family === chain.family && one.name === target,
      );
      if (next === undefined || depth > 16) return 'unknown';
      const end = walk(all, next, knock, depth + 1);
      if (end !== 'falls') return sure ? end : 'unknown';
    } else if (kind === 'return') return sure ? 'falls' : 'unknown';
    else if (!['counter', 'log', 'limit'].includes(kind)) return 'unknown';
    else if (kind === 'limit') sure = false;
  }
  return 'falls';
}

/** Whether a packet fits; nothing where it cannot be told. */
function matches(value: Json | undefined, knock: Knock): boolean | undefined {
  if (!isObject(value)) return undefined;
  const { op, left, right } = value as { readonly [key: string]: Json };
  const fits = fitsField(isObject(left) ? left : {}, right, knock);
  return op === '!=' && fits !== undefined ? !fits : fits;
}

function fitsField(
  left: Record<string, unknown>,
  right: Json | undefined,
  knock: Knock,
): boolean | undefined {
  const payload = isObject(left.payload) ? left.payload : {};
  const meta = isObject(left.meta) ? String(left.meta.key) : undefined;
  if (equal(left, { ct: { key: 'state' } })) return among(right, (one) => one === 'new');
  if (meta === 'iifname' || meta === 'iif') return among(right, (one) => one === 'lo') ? false : undefined;
  if (meta === 'l4proto' || (payload.field === 'protocol' && payload.protocol === 'ip'))
    return among(right, (one) => one === knock.proto || one === (knock.proto === 'tcp' ? 6 : 17));
  if (payload.field === 'dport')
    return payload.protocol === knock.proto || payload.protocol === 'th'
      ? among(right, (one) => inRange(one, knock.port))
      : false;
  if (payload.field === 'saddr') {
    if (knock.source === undefined) return undefined;
    const { source } = knock;
    if (typeof right === 'string' && right.startsWith('@')) return undefined;
    return among(right, (one) => inNetwork(source, networkText(one)));
  }
  if (['icmp', 'icmpv6', 'sctp', 'dccp'].includes(String(payload.protocol))) return false;
  return undefined;
}

function among(right: Json | undefined, fits: (one: Json) => boolean): boolean {
  const list =
    isObject(right) && Array.isArray(right.set)
      ? (right.set as readonly Json[])
      : Array.isArray(right)
        ? right
        : [right ?? null];
  return list.some((one: Json) => fits(one));
}

function inRange(one: Json, port: number): boolean {
  if (isObject(one) && Array.isArray(one.range))
    return Number(one.range[0]) <= port && port <= Number(one.range[1]);
  return one === port;
}

function networkText(one: Json): string {
  if (isObject(one) && isObject(one.prefix)) return `${String(one.prefix.addr)}/${String(one.prefix.len)}`;
  return String(one);
}
