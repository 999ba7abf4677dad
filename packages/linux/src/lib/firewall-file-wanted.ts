import { type Refused, refused } from '@claw-run/core';
import type { Firewall, InputChains } from '../facts/firewall.ts';
import { permanentPath, type ServicePorts } from '../facts/firewall-files.ts';
import { type Knock, ruleText } from '../facts/nft-rules.ts';
import { type TextFile, textOf } from '../facts/text-file.ts';
import { ruleComment, stopping, withoutOwnRules } from './firewall-wanted.ts';
import { fileHasRule, lineThatAccepts, withoutRules, withRule } from './nft-file.ts';
import { listOpens, servicesOf, withoutPort, withPort, zoneFileOpens } from './zone-file.ts';

export interface Kept {
  readonly firewall: Firewall;
  readonly permanent: TextFile | null;
  readonly shipped: TextFile | null;
  readonly services: ServicePorts;
}

type Wanted = TextFile | null | Refused;

/** The file that makes it last, with the port open. */
export function fileOpened(knock: Knock, seen: Kept): Wanted {
  const { firewall: ruling, permanent } = seen;
  const path = permanentPath(ruling);
  if (path === undefined) return permanent;
  if (ruling.ruler === 'nftables') return rulesetOpened(ruling, knock, permanent);
  const xml = zoneText(seen);
  if (zoneFileOpens(xml, knock) || serviceThatOpens(xml, knock, seen) !== undefined) return permanent;
  const content = withPort(xml, knock);
  if (content === undefined)
    return refused(`${path} does not look like a zone of firewalld`, 'mend it: firewall-cmd --check-config');
  return zoneFile(permanent, content);
}

/** The file that makes it last, without what is for just this port and this source. */
export function fileClosed(knock: Knock, seen: Kept): Wanted {
  const { firewall: ruling, permanent } = seen;
  const path = permanentPath(ruling);
  if (path === undefined) return permanent;
  if (ruling.ruler === 'nftables') return rulesetClosed(ruling, knock, permanent);
  const xml = zoneText(seen);
  const content = withoutPort(xml, knock);
  const service = serviceThatOpens(content, knock, seen);
  if (service !== undefined || zoneFileOpens(content, knock))
    return refused(
      `${path} lets ${knock.port}/${knock.proto} in ${service === undefined ? 'by more than a port of its own' : `by the service ${service}`}`,
      'take that away by hand: it opens more than this port',
    );
  return content === xml ? permanent : zoneFile(permanent, content);
}

function zoneText({ permanent, shipped }: Kept): string {
  const start = permanent ?? shipped;
  return start === null ? '<?xml version="1.0" encoding="utf-8"?>\n<zone>\n</zone>\n' : textOf(start);
}

function zoneFile(permanent: TextFile | null, content: string): TextFile {
  return permanent === null
    ? { content, mode: 0o644, owner: 'root', group: 'root' }
    : { ...permanent, content };
}

function serviceThatOpens(xml: string, knock: Knock, { services }: Kept): string | undefined {
  return servicesOf(xml).find((one) => listOpens(services[one] ?? [], knock));
}

function rulesetOpened(ruling: InputChains, knock: Knock, permanent: TextFile | null): Wanted {
  const rule = ruleText(knock, ruleComment);
  const before = permanent === null ? '' : textOf(permanent);
  let content = before;
  for (const chain of stopping(withoutOwnRules(ruling), knock)) {
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

function rulesetClosed({ chains }: InputChains, knock: Knock, permanent: TextFile | null): Wanted {
  if (permanent === null) return null;
  const own = [ruleText(knock, ruleComment), ruleText(knock, null)];
  const before = textOf(permanent);
  const content = chains.reduce((text, chain) => withoutRules(text, chain, own), before);
  const line = lineThatAccepts(content, knock);
  if (line !== undefined)
    return refused(
      `line ${line} of /etc/nftables.conf lets ${knock.port}/${knock.proto} in, and is no rule for just that`,
      'change the line by hand, or say `permanent: false`',
    );
  return content === before ? permanent : { ...permanent, content };
}
