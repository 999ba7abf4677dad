import { defineState, type Refused, refused } from '@claw-run/core';
import * as z from 'zod';
import { firewallActions } from '../actions/firewall-actions.ts';
import { fileActions, state } from '../edit/edited-file.ts';
import { type Firewall, firewall } from '../facts/firewall.ts';
import { firewallFiles, permanentPath } from '../facts/firewall-files.ts';
import type { Knock } from '../facts/nft-rules.ts';
import { fileClosed, fileOpened, type Kept } from '../lib/firewall-file-wanted.ts';
import { closed, opened } from '../lib/firewall-wanted.ts';
import { address, network, orNone, port, protocol } from '../lib/network.ts';
import { opens } from '../lib/opens.ts';

const input = z.strictObject({
  port,
  proto: protocol,
  source: network.optional().describe('Address or network that it is open to; anybody where absent'),
  zone: z
    .string()
    .regex(/^[\w-]+$/)
    .optional()
    .describe('Zone of firewalld; where absent, the one that clients come through'),
  from: orNone(address).describe(
    'Address of a client: its way to the host tells the zone; where absent or empty, the way to the world does',
  ),
  permanent: z.boolean().default(true).describe('Still so after a restart of the host'),
  state: state.describe('`absent` takes away what opens just this port to just this source'),
});

type Input = z.output<typeof input>;

export const firewallPort = defineState({
  id: 'linux.firewall-port',
  on: 'host',
  summary: 'The firewall of a host lets a port in, now and after a restart, or no longer does',
  description:
    'Whoever rules is asked: firewalld (in the zone that the clients come through), else ufw, else nftables. For firewalld both the run time ' +
    'and the file of the zone are looked at and mended one by one; the file gets one element more and keeps every other byte (firewalld.zone(5)); ' +
    'firewalld itself takes notice of the file within some seconds. For nftables an accept rule is put first into each chain that stops the port, ' +
    'and into /etc/nftables.conf where that is loaded at start. The firewall is never turned off. To close a port, only what opens just that port is taken away, and ' +
    'put back by undo where it was; a service, a range or a zone that lets more in is refused by name. Rules for single networks stay unless `source` names theirs.',
  risk: 'routine',
  input,
  examples: [
    { title: 'The scheduler answers', with: { port: 8080 } },
    {
      title: 'Only for the nodes of the cluster',
      with: { port: 7321, source: '10.0.0.0/8', from: '10.1.0.7' },
    },
    { title: 'A port that was opened for a trial', with: { port: 9000, state: 'absent' } },
  ],
  facts: (input) => ({ firewall: firewall(input) }),
  moreFacts: (input, seen) => firewallFiles(input, seen.firewall),
  desire: (input, seen) => {
    if (seen.firewall.ruler === 'other')
      return refused(
        `it cannot be told what the firewall lets in: ${seen.firewall.because}`,
        'see to the port by a command step',
      );
    const knock = knockOf(input);
    const runtime = input.state === 'present' ? openedNow(knock, seen) : closedNow(knock, seen);
    if ('refused' in runtime || !input.permanent) return runtime;
    const permanent = input.state === 'present' ? fileOpened(knock, seen) : fileClosed(knock, seen);
    return permanent !== null && 'refused' in permanent ? permanent : { ...runtime, permanent };
  },
  actions: (from, to, input) => [
    ...firewallActions(from.firewall, to.firewall, knockOf(input)),
    ...fileActions(from.permanent, to.permanent, { path: permanentPath(from.firewall) ?? '', sudo: true }),
  ],
  explain: (from, to, input) => {
    const { is, because } = opens(from.firewall, knockOf(input), from.services);
    const lasting = from.permanent === to.permanent ? '' : '; it is written down for the next start';
    if (input.state === 'absent')
      return is === 'closed' ? `${because}${lasting}` : `${because}; that is taken away`;
    return is === 'open' ? `${because}${lasting}` : `${because}; it gets a rule${lasting}`;
  },
});

function knockOf({ port, proto, source }: Input): Knock {
  return { port, proto, source };
}

type Runtime = { readonly firewall: Firewall } | Refused;

function openedNow(knock: Knock, { firewall: ruling, services }: Kept): Runtime {
  if (opens(ruling, knock, services).is === 'open') return { firewall: ruling };
  const wanted = opened(ruling, knock);
  const { is, because } = opens(wanted, knock, services);
  // ufw puts a new rule behind the others, and one for IPv6 nowhere where it keeps none.
  return is === 'open' || ruling.ruler !== 'ufw'
    ? { firewall: wanted }
    : refused(
        `a rule for ${knock.port}/${knock.proto} would change nothing: ${because}`,
        'delete the rule that comes before (ufw delete NUMBER), or set IPV6=yes in /etc/default/ufw',
      );
}

function closedNow(knock: Knock, { firewall: ruling, services }: Kept): Runtime {
  const wanted = closed(ruling, knock);
  const { is, because } = opens(wanted, knock, services);
  return is === 'closed'
    ? { firewall: wanted }
    : refused(
        `${because}, and that is no rule for just ${knock.port}/${knock.proto}${knock.source === undefined ? '' : ` from ${knock.source}`}`,
        'take it away by hand where nothing else needs it, or stop what listens',
      );
}
