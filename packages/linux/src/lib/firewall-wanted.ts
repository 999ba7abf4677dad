import { equal } from '@claw-run/core';
import type { Firewall, InputChains, NftChain } from '../facts/firewall.ts';
import { type Knock, openIn, openingRule, startsOf } from '../facts/nft-rules.ts';
import { withoutUfwRules, withUfwRules } from './ufw-rules.ts';
import { richRule } from './zone-file.ts';

/** The comment of the rules that this library gives to nftables. */
export const ruleComment = 'claw-run';

/** The rules at run time with the port open. */
export function opened(ruling: Firewall, knock: Knock): Firewall {
  const { port, proto, source } = knock;
  switch (ruling.ruler) {
    case 'firewalld':
      return source === undefined
        ? { ...ruling, ports: [...ruling.ports, `${port}/${proto}`].sort() }
        : { ...ruling, richRules: [...ruling.richRules, richRule(knock)].sort() };
    case 'ufw':
      return withUfwRules(ruling, knock);
    case 'nftables': {
      const stops = stopping(ruling, knock);
      const rule = { expr: openingRule(knock).expr, comment: ruleComment };
      return withChains(ruling, (chain) =>
        stops.includes(chain) ? { ...chain, rules: [rule, ...chain.rules] } : chain,
      );
    }
    default:
      return ruling;
  }
}

/** The rules at run time without those that are for just this port and this source. */
export function closed(ruling: Firewall, knock: Knock): Firewall {
  const { port, proto, source } = knock;
  switch (ruling.ruler) {
    case 'firewalld':
      return source === undefined
        ? { ...ruling, ports: ruling.ports.filter((one) => one !== `${port}/${proto}`) }
        : { ...ruling, richRules: ruling.richRules.filter((one) => one !== richRule(knock)) };
    case 'ufw':
      return withoutUfwRules(ruling, knock);
    case 'nftables': {
      const { expr } = openingRule(knock);
      return withChains(ruling, (chain) => ({
        ...chain,
        rules: chain.rules.filter((rule) => !equal(rule.expr, expr)),
      }));
    }
    default:
      return ruling;
  }
}

/** The chains that do not let it in. */
export function stopping(ruling: InputChains, knock: Knock): readonly NftChain[] {
  return startsOf(ruling, knock).filter((chain) => openIn(ruling, chain, knock) !== 'open');
}

/** The rules without those that this library gave. */
export function withoutOwnRules(ruling: InputChains): InputChains {
  return withChains(ruling, (chain) => ({
    ...chain,
    rules: chain.rules.filter((one) => one.comment !== ruleComment),
  }));
}

function withChains(ruling: InputChains, change: (chain: NftChain) => NftChain): InputChains {
  return { ...ruling, chains: ruling.chains.map(change) };
}
