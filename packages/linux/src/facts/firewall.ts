import { type Fact, type Json, type RunResult, runFact } from '@claw-run/core';
import { inNetwork } from '../lib/network.ts';
import type { Ufw } from '../lib/ufw-rules.ts';
import { parseNft } from './nft-rules.ts';

/** One zone of firewalld as it is at run time. */
export type Zone = {
  readonly ruler: 'firewalld';
  readonly zone: string;
  readonly target: string;
  readonly services: readonly string[];
  /** `7321/tcp`, `8000-8010/udp`; sorted. */
  readonly ports: readonly string[];
  readonly richRules: readonly string[];
};

/** The chains that see what comes in, as nft has them. */
export type InputChains = {
  readonly ruler: 'nftables';
  readonly chains: readonly NftChain[];
  /** Whether /etc/nftables.conf is loaded when the host starts. */
  readonly fromFile: boolean;
};

export type NftChain = {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Set for the chains that packets start in. */
  readonly policy: string | null;
  readonly rules: readonly { readonly expr: Json; readonly comment: string | null }[];
};

/** Who decides what comes in, and how. `none`: nobody. `other`: rules that cannot be judged from here. */
export type Firewall =
  | Zone
  | InputChains
  | Ufw
  | { readonly ruler: 'none' }
  | { readonly ruler: 'other'; readonly because: string };

export interface FirewallInput {
  readonly zone?: string | undefined;
  /** Address of a client: firewalld judges by the zone that it comes through. */
  readonly from?: string | undefined;
}

/**
 * One script: who rules, and its rules. firewall-cmd takes a quarter of a second, so it is asked once, and only where it rules.
 */
const script = `
if systemctl is-active --quiet firewalld; then
  echo '== firewalld'
  while IFS== read -r name value; do [ "$name" = DefaultZone ] && echo "$value"; done </etc/firewalld/firewalld.conf
  echo '== route'
  if [ -n "$1" ]; then ip -o route get "$1"; else ip -o route show default; fi
  echo '== zones'
  exec firewall-cmd --list-all-zones
fi
if [ -r /etc/ufw/ufw.conf ]; then
  while IFS== read -r name value; do
    [ "$name" = ENABLED ] && [ "$value" = yes ] || continue
    echo '== ufw'; ufw status verbose || exit
    echo '== ipv6'; grep -s '^IPV6=' /etc/default/ufw
    echo '== tuples'; cat /etc/ufw/user.rules /etc/ufw/user6.rules | grep '^### tuple ###'
    exit 0
  done </etc/ufw/ufw.conf
fi
if [ -s /proc/net/ip_tables_names ] || [ -s /proc/net/ip6_tables_names ]; then echo '== legacy'; exit; fi
echo '== nftables'
systemctl is-enabled nftables
echo '== rules'
command -v nft >/dev/null || exit 0
rules=$(nft -j -s list ruleset) || exit
printf '%s\\n' "$rules" | sed 's/"handle": [0-9]*, //g; s/, "handle": [0-9]*//g'
`;

/** Who decides what comes in, and its rules at run time. */
export function firewall({ zone, from }: FirewallInput): Fact<'host', Firewall> {
  return runFact({
    key: `firewall${zone === undefined ? '' : ` zone ${zone}`}${from === undefined ? '' : ` from ${from}`}`,
    argv: ['sh', '-c', script, 'firewall', from ?? ''],
    sudo: true,
    about: ['firewall'],
    timeoutSeconds: 60,
    parse: (result) => parseFirewall(result, { zone, from }),
  });
}

export function parseFirewall({ exit, stdout, stderr }: RunResult, input: FirewallInput): Firewall {
  const parts = new Map(
    stdout.split(/^== (?=[a-z0-9]+$)/m).map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)] as const;
    }),
  );
  if (exit !== 0) throw new Error(stderr.trim().split('\n').at(-1) || `it ended with ${exit}`);
  if (parts.has('firewalld')) return parseZone(parts, input);
  if (parts.has('ufw')) return parseUfw(parts);
  if (parts.has('legacy'))
    return { ruler: 'other', because: 'rules of the old iptables are loaded, which nft does not show' };
  const rules = parts.get('rules')?.trim();
  return rules ? parseNft(rules, parts.get('nftables')?.trim() === 'enabled') : { ruler: 'none' };
}

function parseZone(parts: ReadonlyMap<string, string>, { zone, from }: FirewallInput): Firewall {
  const all = (parts.get('zones') ?? '').split(/\n(?=\S)/).map(parseListing);
  const standard = parts.get('firewalld')?.trim() ?? '';
  const device = /\bdev (\S+)/.exec(parts.get('route') ?? '')?.[1];
  const bound = all.find(({ fields }) =>
    from === undefined ? false : words(fields.get('sources')).some((source) => inNetwork(from, source)),
  );
  const through = all.find(
    ({ fields }) => device !== undefined && words(fields.get('interfaces')).includes(device),
  );
  const name = zone ?? bound?.name ?? through?.name ?? standard;
  const found = all.find((one) => one.name === name);
  if (found === undefined) return { ruler: 'other', because: `firewalld has no zone ${name}` };
  const { fields, rules } = found;
  return {
    ruler: 'firewalld',
    zone: name,
    target: fields.get('target') ?? 'default',
    services: words(fields.get('services')).sort(),
    ports: words(fields.get('ports')).sort(),
    richRules: rules.sort(),
  };
}

function parseListing(text: string): { name: string; fields: ReadonlyMap<string, string>; rules: string[] } {
  const [head = '', ...lines] = text.split('\n');
  const fields = new Map(
    lines.flatMap((line) => {
      const field = /^ {2}([\w -]+): ?(.*)$/.exec(line);
      return field === null ? [] : [[field[1] ?? '', field[2] ?? ''] as const];
    }),
  );
  const rules = lines.filter((line) => /^\s+rule /.test(line)).map((line) => line.trim());
  return { name: head.split(' ')[0] ?? '', fields, rules };
}

/** Rules as ufw notes them in its files, which is where `ufw status` has them from; its columns run into each other. */
function parseUfw(parts: ReadonlyMap<string, string>): Firewall {
  const status = parts.get('ufw') ?? '';
  if (/^Status: inactive/m.test(status))
    return { ruler: 'other', because: 'ufw is enabled and yet not active; `ufw enable` starts it' };
  const incoming = /^Default: (\w+) \(incoming\)/m.exec(status)?.[1];
  if (incoming === undefined) return { ruler: 'other', because: 'ufw does not say what it does' };
  const rules = (parts.get('tuples') ?? '').split('\n').flatMap((line) => {
    const tuple = /^### tuple ### (.*\S)\s*$/.exec(line)?.[1];
    return tuple === undefined ? [] : [tuple];
  });
  return { ruler: 'ufw', incoming, ipv6: /^IPV6="?yes"?\s*$/im.test(parts.get('ipv6') ?? ''), rules };
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
