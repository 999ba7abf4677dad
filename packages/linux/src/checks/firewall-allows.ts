import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { firewall } from '../facts/firewall.ts';
import { firewallFiles } from '../facts/firewall-files.ts';
import { textOf } from '../facts/text-file.ts';
import { address, network, orNone, port, protocol } from '../lib/network.ts';
import { opens } from '../lib/opens.ts';
import { listOpens, servicesOf, zoneFileOpens } from '../lib/zone-file.ts';

export const firewallAllows = defineCheck({
  id: 'linux.firewall-allows',
  on: 'host',
  summary: 'The firewall of a host lets a port in',
  description:
    'At run time, and with firewalld also what its files say will be so after a restart. Rules that cannot be judged from outside are said to be unknown.',
  input: z.strictObject({
    port,
    proto: protocol,
    source: orNone(network).describe('Address or network that asks; anybody where absent or empty'),
    zone: z.string().optional().describe('Zone of firewalld'),
    from: orNone(address).describe('Address of a client: its way to the host tells the zone'),
    permanent: z.boolean().default(true).describe('Must be so after a restart of the host too'),
  }),
  examples: [{ title: 'The scheduler can be reached', with: { port: 8080 } }],
  facts: (input) => ({ firewall: firewall(input) }),
  moreFacts: (input, seen) => firewallFiles(input, seen.firewall),
  expect: ({ port, proto, source, permanent }, seen) => {
    const knock = { port, proto, source };
    const ruling = seen.firewall;
    const { is, because } = opens(ruling, knock, seen.services);
    const kept = seen.permanent ?? seen.shipped;
    const xml = ruling.ruler !== 'firewalld' ? undefined : kept === null ? '' : textOf(kept);
    const lasts =
      xml === undefined
        ? undefined
        : zoneFileOpens(xml, knock) ||
          servicesOf(xml).some((one) => listOpens(seen.services[one] ?? [], knock));
    const evidence = {
      ruler: ruling.ruler,
      runtime: is,
      ...(lasts === undefined ? {} : { permanent: lasts }),
    };
    if (is === 'unknown') return unknown(because, evidence);
    if (is === 'closed') return fail(because, evidence);
    return permanent && lasts === false
      ? fail(`${because}, but only until firewalld is reloaded`, evidence)
      : pass(because, evidence);
  },
});
