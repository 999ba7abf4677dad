import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of firewalls and ports are not tried: ${missing}`);

const library = createLibrary(linux);
let filtered: LabHost;
let plain: LabHost;
const onPlain = (one: ByShell) => subjectByShell(library, () => plain, one);
const onFiltered = (one: ByShell) => subjectByShell(library, () => filtered, one);

const drops = `cat >/etc/nftables.conf <<'E'
#!/usr/sbin/nft -f
flush ruleset
table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iifname "lo" accept
		tcp dport { 22 } accept
	}
}
E
chmod 755 /etc/nftables.conf; systemctl enable -q nftables; systemctl restart nftables`;
const lift = `systemctl stop nftables; systemctl disable -q nftables; nft flush ruleset; rm -f /etc/nftables.conf`;
// The laws take away every file that a subject reads, the one that the distribution ships too.
const noPort =
  'cp -a /root/public.xml /usr/lib/firewalld/zones/; firewall-cmd -q --zone=public --remove-port=7321/tcp; rm -f /etc/firewalld/zones/public.xml';
const openZone = (element: string) =>
  `printf '<?xml version="1.0"?>\n<!-- ours -->\n<zone><service name="ssh"/>\n  ${element}\n</zone>' >/etc/firewalld/zones/public.xml`;
// in the address block for documentation nobody answers (RFC 5737)
const twoAddresses =
  "grep -q ' two.test$' /etc/hosts || printf '127.0.0.1 two.test\\n192.0.2.1 two.test\\n' >>/etc/hosts; ip route replace unreachable 192.0.2.1";

describe.skipIf(missing !== undefined).each(releasesFor('firewalls'))(
  'on hosts of the lab (%s)',
  (release) => {
    beforeAll(async () => {
      filtered = await upHost('firewalld', { release, firewall: true });
      plain = await upHost('nftables', { release });
      await filtered.sh('cp -a /usr/lib/firewalld/zones/public.xml /root/');
    });
    afterAll(() => Promise.all([filtered?.down(), plain?.down()]));

    describeLaws(
      [
        onPlain({
          id: 'linux.firewall-port',
          title: 'chains of nftables that drop, loaded at start',
          with: { port: 7321 },
          make: drops,
          clear: lift,
        }),
        onPlain({
          id: 'linux.firewall-port',
          title: 'chains of nftables that drop, for one network',
          with: { port: 7321, source: '10.0.0.0/8', permanent: false },
          make: drops,
          clear: lift,
        }),
        onPlain({
          id: 'linux.firewall-port',
          title: 'nobody rules',
          with: { port: 7321 },
          make: 'nft flush ruleset',
          plans: 'settled',
        }),
        onPlain({
          id: 'linux.firewall-allows',
          title: 'chains of nftables that drop',
          with: { port: 7321 },
          make: drops,
          clear: lift,
          finds: 'fail',
        }),
        onPlain({
          id: 'linux.firewall-port',
          title: 'a rule among others of nftables that is to be gone',
          with: { port: 22, proto: 'udp', state: 'absent' },
          make: `${drops}; sed -i 's/^\\t*tcp dport/\\t\\tudp dport 22 accept\\n&/' /etc/nftables.conf; systemctl restart nftables`,
          clear: lift,
          crashes: false,
        }),
        onPlain({
          id: 'linux.firewall-port',
          title: 'a set of nftables that has the port that is to be closed',
          with: { port: 22, state: 'absent' },
          make: drops,
          clear: lift,
          plans: 'refused',
        }),
        onPlain({ id: 'linux.addresses', title: 'of this host', with: {}, make: 'true' }),
        onPlain({
          id: 'linux.port-reachable',
          title: 'an address of which nobody answers the second',
          with: { host: 'two.test', port: 22, family: 'ipv4', 'timeout-seconds': 1 },
          make: twoAddresses,
          finds: 'fail',
        }),
        onPlain({
          id: 'linux.first-address',
          title: 'a first address that answers',
          with: { host: 'localhost', port: 22 },
          make: 'true',
          finds: 'pass',
        }),
        onPlain({
          id: 'linux.first-address',
          title: 'a port that nobody listens on',
          with: { host: 'localhost', port: 9, listen: ['192.0.2.1:9'] },
          make: 'true',
          finds: 'fail',
        }),
      ],
      { connect: () => reach(plain) },
    );

    describeLaws(
      [
        onFiltered({
          id: 'linux.firewall-port',
          title: 'a zone without a file of its own',
          with: { port: 7321 },
          make: noPort,
        }),
        onFiltered({
          id: 'linux.firewall-port',
          title: 'a zone with a file that somebody wrote by hand, for one network',
          with: { port: 7321, source: '10.0.0.0/8', from: '10.77.0.1' },
          make: `${noPort}; printf '<?xml version="1.0"?>\\n<!-- ours -->\\n<zone><service name="ssh"/>\\n</zone>' >/etc/firewalld/zones/public.xml`,
          clear: noPort,
          crashes: false,
        }),
        onFiltered({
          id: 'linux.firewall-port',
          title: 'a port of a zone that is to be closed',
          with: { port: 7321, state: 'absent' },
          make: `${noPort}; ${openZone('<port protocol="tcp" port="7321"/>')}; firewall-cmd -q --zone=public --add-port=7321/tcp`,
          clear: noPort,
          crashes: false,
        }),
        onFiltered({
          id: 'linux.firewall-port',
          title: 'open at run time only',
          with: { port: 7321 },
          make: `${noPort}; firewall-cmd -q --zone=public --add-port=7321/tcp`,
          clear: noPort,
          crashes: false,
        }),
        onFiltered({
          id: 'linux.firewall-allows',
          title: 'open at run time only',
          with: { port: 7321 },
          make: `${noPort}; firewall-cmd -q --zone=public --add-port=7321/tcp`,
          clear: noPort,
          finds: 'fail',
        }),
      ],
      { connect: () => reach(filtered) },
    );

    it('nothing is left behind in the folders of the firewalls', async () => {
      expect(await filtered.sh('find /etc/firewalld -newer /usr/sbin/firewalld -type f')).toBe('');
      expect(await plain.sh('ls /etc/nftables.conf* 2>/dev/null || true')).toBe('');
    });
  },
);
