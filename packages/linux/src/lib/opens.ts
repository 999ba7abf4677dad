import type { Firewall } from '../facts/firewall.ts';
import type { ServicePorts } from '../facts/firewall-files.ts';
import { type Knock, type Openness, openIn, startsOf } from '../facts/nft-rules.ts';
import { openByUfw } from './ufw-rules.ts';
import { listOpens, ruleOpens } from './zone-file.ts';

/** Whether a firewall lets a connection in at run time, and by what. */
export function opens(
  ruling: Firewall,
  knock: Knock,
  services: ServicePorts,
): { readonly is: Openness; readonly because: string } {
  const name = `${knock.port}/${knock.proto}`;
  switch (ruling.ruler) {
    case 'none':
      return { is: 'open', because: 'no firewall rules this host' };
    case 'other':
      return { is: 'unknown', because: ruling.because };
    case 'ufw':
      return openByUfw(ruling, knock);
    case 'firewalld': {
      const zone = `the zone ${ruling.zone} of firewalld`;
      if (ruling.target === 'ACCEPT') return { is: 'open', because: `${zone} accepts everything` };
      if (listOpens(ruling.ports, knock)) return { is: 'open', because: `${zone} has the port ${name}` };
      const service = ruling.services.find((one) => listOpens(services[one] ?? [], knock));
      if (service !== undefined) return { is: 'open', because: `${zone} has the service ${service}` };
      const rule = ruling.richRules.find((one) => ruleOpens(one, knock));
      return rule === undefined
        ? { is: 'closed', because: `${zone} does not have the port ${name}` }
        : { is: 'open', because: `${zone} has the rule ${rule}` };
    }
    case 'nftables': {
      const ends = startsOf(ruling, knock).map((chain) => ({ chain, is: openIn(ruling, chain, knock) }));
      const closing = ends.find(({ is }) => is === 'closed') ?? ends.find(({ is }) => is === 'unknown');
      if (closing === undefined) return { is: 'open', because: `no chain of nftables stops ${name}` };
      const { family, table, name: chain } = closing.chain;
      const how = closing.is === 'closed' ? 'stops' : 'may stop';
      return { is: closing.is, because: `the chain ${family} ${table} ${chain} of nftables ${how} ${name}` };
    }
  }
}
