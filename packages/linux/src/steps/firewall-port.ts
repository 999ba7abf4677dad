import { defineState, type HostAction, type Refused, refused } from '@claw-run/core';
import * as z from 'zod';
import { fileActions } from '../edit/edited-file.ts';
import { type Firewall, firewall, type InputChains, type NftChain } from '../facts/firewall.ts';
import { firewallFiles, permanentPath } from '../facts/firewall-files.ts';
import { type Knock, openIn, openingRule, startsOf } from '../facts/nft-rules.ts';
import type { TextFile } from '../facts/text-file.ts';
import { textOf } from '../facts/text-file.ts';
import { address, network, port, protocol } from '../lib/network.ts';
import { fileHasRule, withRule } from '../lib/nft-file.ts';
import { opens } from '../lib/opens.ts';
import { listOpens, richRule, servicesOf, withPort, zoneFileOpens } from '../lib/zone-file.ts';

const input = z.strictObject({
  port,
  proto: protocol,
  source: network.optional().describe('Address or network that it is open to; anybody where absent'),
  zone: z
    .string()
    .regex(/^[\w-]+$/)
    .optional()
    .describe('Zone of firewalld; where absent, the one that clients come through'),
  from: address
    .optional()
    .describe(
      'Address of a client: its way to the host tells the zone; where absent, the way to the world does',
    ),
  permanent: z.boolean().default(true).describe('Still so after a restart of the host'),
});

type Input = z.output<typeof input>;

export const firewallPort = defineState({
  id: 'linux.firewall-port',
  on: 'host',
  summary: 'The firewall of a host lets a port in, now and after a restart',
  description:
    'Whoever rules is asked: firewalld (in the zone that the clients come through), else ufw, else nftables. For firewalld both the run time ' +
    'and the file of the zone are looked at and mended one by one; the file gets one element more and keeps every other byte (firewalld.zone(5)); ' +
    'firewalld itself takes notice of the file within some seconds. For nftables an accept rule is put first into each chain that stops the port, ' +
    'and into /etc/nftables.conf where that is loaded at start. The firewall is never turned off.',
  risk: 'routine',
  input,
  examples: [
    { title: 'The scheduler answers', with: { port: 8080 } },
    {
      title: 'Only for the nodes of the cluster',
      with: { port: 7321, source: '10.0.0.0/8', from: '10.1.0.7' },
    },
  ],
  facts: (input) => ({ firewall: firewall(input) }),
  moreFacts: (input, seen) => firewallFiles(input, seen.firewall),
  desire: (input, seen) => {
    const ruling = seen.firewall;
    const knock = knockOf(input);
    if (ruling.ruler === 'other')
      return refused(
        `it cannot be told what the firewall lets in: ${ruling.because}`,
        'open the port by a command step',
      );
    const open = opens(ruling, knock, seen.services).is === 'open';
    const permanent = input.permanent ? permanentWanted(knock, seen) : seen.permanent;
    if (permanent !== null && 'refused' in permanent) return permanent;
    return { firewall: open ? ruling : opened(ruling, knock), permanent };
  },
  actions: (from, to, input) => [
    ...runtimeActions(from.firewall, to.firewall, knockOf(input)),
    ...fileActions(from.permanent, to.permanent, { path: permanentPath(from.firewall) ?? '', sudo: true }),
  ],
  explain: (from, to, input) => {
    const { is, because } = opens(from.firewall, knockOf(input), from.services);
    const lasting = from.permanent === to.permanent ? '' : '; it is written down for the next start';
    return is === 'open' ? `${because}${lasting}` : `${because}; it gets a rule${lasting}`;
  },
});

function knockOf({ port, proto, source }: Input): Knock {
  return { port, proto, source };
}

/** The rules at run time with the port open. */
function opened(ruling: Firewall, knock: Knock): Firewall {
  const { port, proto, source } = knock;
  switch (ruling.ruler) {
    case 'firewalld':
      return source === undefined
        ? { ...ruling, ports: [...ruling.ports, `${port}/${proto}`].sort() }
        : { ...ruling, richRules: [...ruling.richRules, richRule(knock)].sort() };
    case 'ufw':
      return {
        ...ruling,
        allowed: [...ruling.allowed, `${port}/${proto} from ${source ?? 'Anywhere'}`].sort(),
      };
    case 'nftables': {
      const stops = stopping(ruling, knock);
      const rule = { expr: openingRule(knock).expr, comment };
      return {
        ...ruling,
        chains: ruling.chains.map((chain) =>
          stops.includes(chain) ? { ...chain, rules: [rule, ...chain.rules] } : chain,
        ),
      };
    }
    default:
      return ruling;
  }
}

const comment = 'claw-run';

function stopping(ruling: InputChains, knock: Knock): readonly NftChain[] {
  return startsOf(ruling, knock).filter((chain) => openIn(ruling, chain, knock) !== 'open');
}

interface Kept {
  readonly firewall: Firewall;
  readonly permanent: TextFile | null;
  readonly shipped: TextFile | null;
  readonly services: { readonly [service: string]: readonly string[] };
}

/** The file that makes it last, with the port open. */
function permanentWanted(knock: Knock, seen: Kept): TextFile | null | Refused {
  const { firewall: ruling, permanent, shipped } = seen;
  const path = permanentPath(ruling);
  if (path === undefined) return permanent;
  const start = permanent ?? shipped;
  if (ruling.ruler === 'nftables') return rulesetWanted(ruling, knock, permanent);
  const xml = start === null ? '<?xml version="1.0" encoding="utf-8"?>\n<zone>\n</zone>\n' : textOf(start);
  if (zoneFileOpens(xml, knock) || servicesOf(xml).some((one) => listOpens(seen.services[one] ?? [], knock)))
    return permanent;
  const content = withPort(xml, knock);
  if (content === undefined)
    return refused(`${path} does not look like a zone of firewalld`, 'mend it: firewall-cmd --check-config');
  return permanent === null
    ? { content, mode: 0o644, owner: 'root', group: 'root' }
    : { ...permanent, content };
}

function rulesetWanted(
  ruling: InputChains,
  knock: Knock,
  permanent: TextFile | null,
): TextFile | null | Refused {
  const rule = ruleText(knock);
  const before = permanent === null ? '' : textOf(permanent);
  const bare: InputChains = {
    ...ruling,
    chains: ruling.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.filter((one) => one.comment !== comment),
    })),
  };
  let content = before;
  for (const chain of stopping(bare, knock)) {
    if (fileHasRule(content, chain, rule)) continue;
    const edited = withRule(content, chain, rule);
    if (edited === undefined)
      return refused(
        `/etc/nftables.conf is loaded at start, but the chain ${chain.family} ${chain.table} ${chain.name} is not written there`,
        'add the rule where the chain comes from, or say `permanent: false`',
      );
    content = edited;
  }
  return permanent === null || content === before ? permanent : { ...permanent, content };
}

function ruleText(knock: Knock): string {
  return `${openingRule(knock).words.join(' ')} comment "${comment}"`;
}

/** Removes the one rule of a chain that reads so; nft wants its handle, which is not known before. */
const deleteRule = `
nft -a list chain "$1" "$2" "$3" | while read -r line; do
  case $line in "$4 # handle "*) nft delete rule "$1" "$2" "$3" handle "\${line##* }"; exit;; esac
done
`;

function runtimeActions(from: Firewall, to: Firewall, knock: Knock): readonly HostAction[] {
  const run = (argv: readonly [string, ...string[]]): HostAction => ({
    do: 'run',
    argv,
    sudo: true,
    changes: ['firewall'],
  });
  if (from.ruler === 'firewalld' && to.ruler === 'firewalld') {
    const zone = `--zone=${to.zone}`;
    return [
      ...added(from.ports, to.ports).map((one) => run(['firewall-cmd', zone, `--add-port=${one}`])),
      ...added(to.ports, from.ports).map((one) => run(['firewall-cmd', zone, `--remove-port=${one}`])),
      ...added(from.richRules, to.richRules).map((one) =>
        run(['firewall-cmd', zone, `--add-rich-rule=${one}`]),
      ),
      ...added(to.richRules, from.richRules).map((one) =>
        run(['firewall-cmd', zone, `--remove-rich-rule=${one}`]),
      ),
    ];
  }
  if (from.ruler === 'ufw' && to.ruler === 'ufw') {
    const rule = [
      'allow',
      'proto',
      knock.proto,
      'from',
      knock.source ?? 'any',
      'to',
      'any',
      'port',
      String(knock.port),
    ];
    return [
      ...added(from.allowed, to.allowed).map(() => run(['ufw', ...rule])),
      ...added(to.allowed, from.allowed).map(() => run(['ufw', 'delete', ...rule])),
    ];
  }
  if (from.ruler !== 'nftables' || to.ruler !== 'nftables') return [];
  return to.chains.flatMap((chain): readonly HostAction[] => {
    const { family, table, name, rules } = chain;
    const before = from.chains.find(
      (one) => one.family === family && one.table === table && one.name === name,
    );
    const more = rules.length - (before?.rules.length ?? 0);
    if (more > 0)
      return [
        run([
          'nft',
          'insert',
          'rule',
          family,
          table,
          name,
          ...openingRule(knock).words,
          'comment',
          `"${comment}"`,
        ]),
      ];
    return more < 0
      ? [run(['sh', '-c', deleteRule, 'delete-rule', family, table, name, ruleText(knock)])]
      : [];
  });
}

function added(before: readonly string[], after: readonly string[]): readonly string[] {
  return after.filter((one) => !before.includes(one));
}
