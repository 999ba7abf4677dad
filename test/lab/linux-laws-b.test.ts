import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws, type Subject } from '@claw-run/testing';
import { connectSsh } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of files and firewalls are not tried: ${missing}`);

const library = createLibrary(linux);
let filtered: LabHost;
let plain: LabHost;
let folder = '';

/** A host as the laws reach it: by its key, its own known hosts and nobody's configuration. */
function reach(host: () => LabHost) {
  return async () => {
    const { address, port, key, known_hosts } = host();
    return connectSsh({
      destination: `root@${address}:${port}`,
      home: folder,
      env: {},
      configFiles: [],
      knownHosts: [known_hosts],
      identityFiles: [key],
      agent: false,
      lockFolder: folder,
    });
  };
}

function definition(id: string) {
  const found = library.get(id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
}

/** A use of a definition in a world that a shell line makes, and another clears away. */
function subject(
  host: () => LabHost,
  one: Omit<Subject, 'definition' | 'before'> & { id: string; make: string; clear?: string },
): Subject {
  const { id, make, clear, ...rest } = one;
  return {
    ...rest,
    definition: definition(id),
    before: async () => {
      await host().sh(make);
      return clear === undefined ? undefined : async () => void (await host().sh(clear));
    },
  };
}

const odd = `printf '\\357\\273\\277# who\\r\\nauth:\\r\\n  groups: # these\\r\\n  - claw-admins\\r\\nlast: 1' >/etc/claw.yaml; chmod 640 /etc/claw.yaml; chgrp adm /etc/claw.yaml`;
const ini = `printf '[sssd]\\nservices = nss\\n\\n[domain/claw]\\nid_provider=ldap' >/etc/claw.ini; chmod 600 /etc/claw.ini`;
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

const listens = (where: string) =>
  `printf '# who\\nserver: { listen: ["${where}"], host: head }\\n' >/etc/claw.yaml`;
// in the address block for documentation nobody answers (RFC 5737)
const twoAddresses =
  "grep -q ' two.test$' /etc/hosts || printf '127.0.0.1 two.test\\n192.0.2.1 two.test\\n' >>/etc/hosts; ip route replace unreachable 192.0.2.1";
const openZone = (element: string) =>
  `printf '<?xml version="1.0"?>\n<!-- ours -->\n<zone><service name="ssh"/>\n  ${element}\n</zone>' >/etc/firewalld/zones/public.xml`;

describe.skipIf(missing !== undefined)('on hosts of the lab', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-laws-b-'));
    filtered = await upHost('lawsb', { firewall: true });
    plain = await upHost('lawsb');
    await filtered.sh('cp -a /usr/lib/firewalld/zones/public.xml /root/');
  });
  afterAll(async () => {
    await Promise.all([filtered?.down(), plain?.down()]);
    await rm(folder, { recursive: true, force: true });
  });

  const onPlain = (one: Parameters<typeof subject>[1]) => subject(() => plain, one);
  const onFiltered = (one: Parameters<typeof subject>[1]) => subject(() => filtered, one);

  describeLaws(
    [
      onPlain({
        id: 'linux.file',
        title: 'a file with a mode and owners of its own',
        with: { path: '/etc/claw.txt', content: 'new\n', mode: '0640', group: 'adm' },
        make: `printf 'old, without an end' >/etc/claw.txt; chmod 600 /etc/claw.txt; chown alice:bob /etc/claw.txt`,
      }),
      onPlain({
        id: 'linux.file',
        title: 'no file, in a folder that passes its group on',
        with: { path: '/srv/shared/claw.txt', content: 'new\n' },
        make: 'mkdir -p /srv/shared; chgrp adm /srv/shared; chmod 2775 /srv/shared',
      }),
      onPlain({
        id: 'linux.file',
        title: 'a file that is to be gone',
        with: { path: '/etc/claw.txt', state: 'absent' },
        make: `printf 'x' >/etc/claw.txt; chmod 4711 /etc/claw.txt`,
      }),
      onPlain({
        id: 'linux.yaml-entry',
        title: 'a byte order mark, CRLF and no last line end',
        with: { path: '/etc/claw.yaml', at: 'auth.groups', member: 'claw-users' },
        make: odd,
      }),
      onPlain({
        id: 'linux.ini-entry',
        title: 'a section without a last line end',
        with: { path: '/etc/claw.ini', section: 'domain/claw', key: 'entry_cache_timeout', value: 60 },
        make: ini,
      }),
      onPlain({
        id: 'linux.key-value',
        title: 'no file, to be made',
        with: { path: '/etc/default/claw', key: 'OPTIONS', value: '-v "x" $HOME', create: true },
        make: 'true',
      }),
      onPlain({
        id: 'linux.line',
        title: 'a line in the place of another',
        with: { path: '/etc/claw.conf', line: 'b 2', match: '^b ' },
        make: `printf 'a 1\\nb 1\\nc 1\\n' >/etc/claw.conf`,
      }),
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
        id: 'linux.config-matches',
        title: 'a list behind a byte order mark',
        with: { path: '/etc/claw.yaml', yaml: 'auth.groups', member: 'claw-admins' },
        make: odd,
        finds: 'pass',
      }),
      onPlain({
        id: 'linux.file-matches',
        title: 'a file with a mode',
        with: { path: '/etc/claw.ini', mode: '0600', owner: 'root', pattern: '^\\[sssd\\]$' },
        make: ini,
        finds: 'pass',
      }),
    ],
    { connect: reach(() => plain) },
  );

  // What does not differ in how it acts is not killed as well.
  describeLaws(
    [
      onPlain({
        id: 'linux.firewall-port',
        title: 'a rule among others of nftables that is to be gone',
        with: { port: 22, proto: 'udp', state: 'absent' },
        make: `${drops}; sed -i 's/^\\t*tcp dport/\\t\\tudp dport 22 accept\\n&/' /etc/nftables.conf; systemctl restart nftables`,
        clear: lift,
      }),
      onPlain({
        id: 'linux.firewall-port',
        title: 'a set of nftables that has the port that is to be closed',
        with: { port: 22, state: 'absent' },
        make: drops,
        clear: lift,
        plans: 'refused',
      }),
    ],
    { connect: reach(() => plain), crashes: false },
  );

  describeLaws(
    [
      onFiltered({
        id: 'linux.firewall-port',
        title: 'a zone without a file of its own',
        with: { port: 7321 },
        make: noPort,
      }),
    ],
    { connect: reach(() => filtered) },
  );

  describeLaws(
    [
      onFiltered({
        id: 'linux.firewall-port',
        title: 'a zone with a file that somebody wrote by hand, for one network',
        with: { port: 7321, source: '10.0.0.0/8', from: '10.77.0.1' },
        make: `${noPort}; printf '<?xml version="1.0"?>\\n<!-- ours -->\\n<zone><service name="ssh"/>\\n</zone>' >/etc/firewalld/zones/public.xml`,
        clear: noPort,
      }),
      onFiltered({
        id: 'linux.firewall-port',
        title: 'a port of a zone that is to be closed',
        with: { port: 7321, state: 'absent' },
        make: `${noPort}; ${openZone('<port protocol="tcp" port="7321"/>')}; firewall-cmd -q --zone=public --add-port=7321/tcp`,
        clear: noPort,
      }),
      onFiltered({
        id: 'linux.firewall-port',
        title: 'open at run time only',
        with: { port: 7321 },
        make: `${noPort}; firewall-cmd -q --zone=public --add-port=7321/tcp`,
        clear: noPort,
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
    { connect: reach(() => filtered), crashes: false },
  );

  describeLaws(
    [
      onPlain({
        id: 'linux.listen-address',
        title: 'a list that takes one address more',
        with: { path: '/etc/claw.yaml', at: 'server.listen', address: '::1', port: 8080 },
        make: listens('127.0.0.1:8080'),
      }),
      onPlain({
        id: 'linux.listen-address',
        title: 'a list that has all of the family',
        with: { path: '/etc/claw.yaml', at: 'server.listen', address: '::1', port: 8080 },
        make: listens('[::]:8080'),
        plans: 'settled',
      }),
      onPlain({
        id: 'linux.listen-address',
        title: 'an address of another host',
        with: { path: '/etc/claw.yaml', at: 'server.listen', address: '2001:db8::1', port: 8080 },
        make: listens('127.0.0.1:8080'),
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
    { connect: reach(() => plain), crashes: false },
  );

  it('nothing is left behind in the folders of the firewalls', async () => {
    expect(await filtered.sh('find /etc/firewalld -newer /usr/sbin/firewalld -type f')).toBe('');
    expect(await plain.sh('ls /etc/nftables.conf* 2>/dev/null || true')).toBe('');
  });
});
