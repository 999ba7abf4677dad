import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws } from '@claw-run/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of files are not tried: ${missing}`);

const library = createLibrary(linux);
let host: LabHost;
const subject = (one: ByShell) => subjectByShell(library, () => host, one);

const odd = `printf '\\357\\273\\277# who\\r\\nauth:\\r\\n  groups: # these\\r\\n  - claw-admins\\r\\nlast: 1' >/etc/claw.yaml; chmod 640 /etc/claw.yaml; chgrp adm /etc/claw.yaml`;
const ini = `printf '[sssd]\\nservices = nss\\n\\n[domain/claw]\\nid_provider=ldap' >/etc/claw.ini; chmod 600 /etc/claw.ini`;
const listens = (where: string) =>
  `printf '# who\\nserver: { listen: ["${where}"], host: head }\\n' >/etc/claw.yaml`;

describe.skipIf(missing !== undefined).each(releasesFor('files'))('on a host of the lab (%s)', (release) => {
  beforeAll(async () => {
    host = await upHost('files', { release });
  });
  afterAll(() => host?.down());

  describeLaws(
    [
      subject({
        id: 'linux.file',
        title: 'a file with a mode and owners of its own',
        with: { path: '/etc/claw.txt', content: 'new\n', mode: '0640', group: 'adm' },
        make: `printf 'old, without an end' >/etc/claw.txt; chmod 600 /etc/claw.txt; chown alice:bob /etc/claw.txt`,
      }),
      subject({
        id: 'linux.file',
        title: 'no file, in a folder that passes its group on',
        with: { path: '/srv/shared/claw.txt', content: 'new\n' },
        make: 'mkdir -p /srv/shared; chgrp adm /srv/shared; chmod 2755 /srv/shared',
      }),
      subject({
        id: 'linux.file',
        title: 'a file that is to be gone',
        with: { path: '/etc/claw.txt', state: 'absent' },
        make: `printf 'x' >/etc/claw.txt; chmod 4711 /etc/claw.txt`,
      }),
      subject({
        id: 'linux.yaml-entry',
        title: 'a byte order mark, CRLF and no last line end',
        with: { path: '/etc/claw.yaml', at: 'auth.groups', member: 'claw-users' },
        make: odd,
      }),
      subject({
        id: 'linux.ini-entry',
        title: 'a section without a last line end',
        with: { path: '/etc/claw.ini', section: 'domain/claw', key: 'entry_cache_timeout', value: 60 },
        make: ini,
      }),
      subject({
        id: 'linux.key-value',
        title: 'no file, to be made',
        with: { path: '/etc/default/claw', key: 'OPTIONS', value: '-v "x" $HOME', create: true },
        make: 'true',
      }),
      subject({
        id: 'linux.line',
        title: 'a line in the place of another',
        with: { path: '/etc/claw.conf', line: 'b 2', match: '^b ' },
        make: `printf 'a 1\\nb 1\\nc 1\\n' >/etc/claw.conf`,
      }),
      subject({
        id: 'linux.config-matches',
        title: 'a list behind a byte order mark',
        with: { path: '/etc/claw.yaml', yaml: 'auth.groups', member: 'claw-admins' },
        make: odd,
        finds: 'pass',
      }),
      subject({
        id: 'linux.file-matches',
        title: 'a file with a mode',
        with: { path: '/etc/claw.ini', mode: '0600', owner: 'root', pattern: '^\\[sssd\\]$' },
        make: ini,
        finds: 'pass',
      }),
      subject({
        id: 'linux.listen-address',
        title: 'a list that takes one address more',
        with: { path: '/etc/claw.yaml', at: 'server.listen', address: '::1', port: 8080 },
        make: listens('127.0.0.1:8080'),
        crashes: false,
      }),
      subject({
        id: 'linux.listen-address',
        title: 'a list that has all of the family',
        with: { path: '/etc/claw.yaml', at: 'server.listen', address: '::1', port: 8080 },
        make: listens('[::]:8080'),
        plans: 'settled',
      }),
      subject({
        id: 'linux.listen-address',
        title: 'an address of another host',
        with: { path: '/etc/claw.yaml', at: 'server.listen', address: '2001:db8::1', port: 8080 },
        make: listens('127.0.0.1:8080'),
        plans: 'refused',
      }),
    ],
    { connect: () => reach(host) },
  );
});
