import { type Fact, runFact } from '@claw-run/core';
import { type Firewall, type FirewallInput, firewall } from './firewall.ts';
import { type TextFile, textFile } from './text-file.ts';

/** Ports of firewalld's services, by the name of the service. */
export type ServicePorts = { readonly [service: string]: readonly string[] };

export type FirewallFiles = {
  /** What makes the rules last: the zone's own file, or the ruleset file of nftables; `null` where there is none. */
  readonly permanent: Fact<'host', TextFile | null>;
  /** The zone as the distribution ships it, which holds while the zone has no file of its own. */
  readonly shipped: Fact<'host', TextFile | null>;
  readonly services: Fact<'host', ServicePorts>;
};

/** Where the rules are kept; nothing where no file is ours to change. */
export function permanentPath(ruling: Firewall): string | undefined {
  if (ruling.ruler === 'firewalld') return `/etc/firewalld/zones/${ruling.zone}.xml`;
  return ruling.ruler === 'nftables' && ruling.fromFile ? '/etc/nftables.conf' : undefined;
}

/** The facts that can only be named once it is known who rules. Where nobody does, they cost no read. */
export function firewallFiles(input: FirewallInput, ruling: Firewall): FirewallFiles {
  const known = firewall(input);
  const path = permanentPath(ruling);
  const nothing = { ...known, key: 'firewall files', parse: () => null };
  return {
    permanent: path === undefined ? nothing : textFile({ path, sudo: true }),
    shipped:
      ruling.ruler === 'firewalld'
        ? textFile({ path: `/usr/lib/firewalld/zones/${ruling.zone}.xml`, sudo: true })
        : nothing,
    services:
      ruling.ruler === 'firewalld' && ruling.services.length > 0
        ? servicePorts(ruling.services)
        : { ...known, key: 'firewall services', parse: () => ({}) },
  };
}

/** What firewalld's services stand for; a file in /etc goes before the one of the distribution. */
function servicePorts(services: readonly string[]): Fact<'host', ServicePorts> {
  const files = services.flatMap((name) => [
    `/etc/firewalld/services/${name}.xml`,
    `/usr/lib/firewalld/services/${name}.xml`,
  ]);
  return runFact({
    key: `firewall services ${services.join(' ')}`,
    argv: ['grep', '-sH', '<port ', ...files],
    sudo: true,
    about: ['firewall'],
    parse: ({ stdout }) => parseServices(stdout),
  });
}

export function parseServices(stdout: string): ServicePorts {
  const found: Record<string, Record<string, string[]>> = {};
  for (const line of stdout.split('\n')) {
    const [, place = '', service = '', tag = ''] = /^(\/etc|\/usr)\S*\/([^/]+)\.xml:(.*)$/.exec(line) ?? [];
    const port = /\bport="([^"]+)"/.exec(tag.replace('<port', ''))?.[1];
    const protocol = /\bprotocol="([^"]+)"/.exec(tag)?.[1];
    if (port === undefined) continue;
    const places = found[service] ?? {};
    found[service] = { ...places, [place]: [...(places[place] ?? []), `${port}/${protocol}`] };
  }
  return Object.fromEntries(
    Object.entries(found).map(([service, places]) => [service, places['/etc'] ?? places['/usr'] ?? []]),
  );
}
