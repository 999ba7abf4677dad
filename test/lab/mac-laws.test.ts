import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws, type Subject } from '@claw-run/testing';
import { connectSsh } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of SELinux and AppArmor are not tried: ${missing}`);

const library = createLibrary(linux);

/** A VM for a suite: its own kernel, and so its own policy. Emulated, hence the long limits and the few subjects. */
function vmSuite(flavour: 'selinux' | 'apparmor', prepare: string) {
  let vm: LabHost;
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-mac-'));
    vm = await upHost('maclaws', { vm: flavour });
    await vm.sh(prepare);
  }, 600_000);
  afterAll(async () => {
    await vm?.down();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    sh: (line: string) => vm.sh(line),
    connect: () =>
      connectSsh({
        destination: `root@${vm.address}:${vm.port}`,
        home: folder,
        env: {},
        configFiles: [],
        knownHosts: [vm.known_hosts],
        identityFiles: [vm.key],
        agent: false,
        connectSeconds: 60,
        commandSeconds: 300,
        lockFolder: `/run/claw-run-${process.pid}`,
      }),
    subject: (one: ByShell): Subject => subjectByShell(library, () => vm, one),
  };
}

describe.skipIf(missing !== undefined)('with SELinux in force', { timeout: 900_000 }, () => {
  const kept = '/var/lib/selinux/default/active';
  const customised = `cd ${kept}; for f in ports.local file_contexts.local booleans.local; do echo "$f"; grep -sv '^#' $f | grep . || true; done`;
  let before = '';
  // What an earlier trial left applied is taken back before the next; asking libsemanage whether there is anything would take longer.
  const vm = vmSuite(
    'selinux',
    `mkdir -p /srv/claw && echo 1 >'/srv/claw/a b' && chcon -t user_tmp_t '/srv/claw/a b'`,
  );

  it('starts from customisations that somebody else made', async () => {
    before = await vm.sh(customised);
    expect(before).toContain('portcon tcp 7321');
  });

  describeLaws(
    [
      vm.subject({
        id: 'linux.selinux-port',
        title: 'a port that the policy gives another type',
        with: { port: 8080, type: 'claw_scheduler_port_t' },
        make: `grep -q 'tcp 8080 ' ${kept}/ports.local && semanage port -d -p tcp 8080 || true`,
      }),
      vm.subject({
        id: 'linux.selinux-boolean',
        title: 'a boolean that is off and was never customised',
        with: { name: 'httpd_can_network_connect', value: true },
        make: `grep -qs '^httpd_can_network_connect=' ${kept}/booleans.local && python3 -c 'import seobject; seobject.booleanRecords().delete("httpd_can_network_connect")'; setsebool httpd_can_network_connect off`,
      }),
      vm.subject({
        id: 'linux.selinux-fcontext',
        title: 'a folder that gets a type of its own, with a file of another',
        with: { path: '/srv/claw', type: 'claw_scheduler_conf_t' },
        make: `grep -qs /srv/claw ${kept}/file_contexts.local && semanage fcontext -d '/srv/claw(/.*)?'; restorecon -RF /srv; chcon -u unconfined_u -t user_tmp_t '/srv/claw/a b'`,
      }),
      vm.subject({
        id: 'linux.avc-denials',
        title: 'nothing was denied to a domain that never ran',
        with: { since: '2025-01-15T10:45:00Z', domain: 'claw_scheduler_t' },
        finds: 'pass',
      }),
    ],
    { connect: vm.connect, crashes: false },
  );

  // The last law of each step takes back what it applied.
  it('leaves every customisation as it was', async () => {
    expect(await vm.sh(customised)).toBe(before);
  });

  it('is still in force', async () => {
    expect(await vm.sh('cat /sys/fs/selinux/enforce')).toBe('1');
  });
});

describe.skipIf(missing !== undefined)('with AppArmor in force', { timeout: 900_000 }, () => {
  const profile = `#include <tunables/global>
profile claw-lab /usr/local/bin/claw-lab {
  #include <abstractions/base>
  /usr/bin/dash ix,
  /usr/bin/cat ix,
  /usr/local/bin/claw-lab r,
  include if exists <local/usr.local.bin.claw-lab>
}
`;
  const vm = vmSuite(
    'apparmor',
    `cat >/etc/apparmor.d/usr.local.bin.claw-lab <<'E'
${profile}E
printf '#!/bin/sh\\nexec cat /srv/secret\\n' >/usr/local/bin/claw-lab; chmod 755 /usr/local/bin/claw-lab; echo told >/srv/secret
apparmor_parser -r /etc/apparmor.d/usr.local.bin.claw-lab`,
  );

  describeLaws(
    [
      vm.subject({
        id: 'linux.apparmor-rule',
        title: 'a profile without local additions',
        with: { profile: 'usr.local.bin.claw-lab', rule: '/srv/secret r,' },
        make: 'rm -f /etc/apparmor.d/local/usr.local.bin.claw-lab; apparmor_parser -r /etc/apparmor.d/usr.local.bin.claw-lab',
      }),
      vm.subject({
        id: 'linux.apparmor-denials',
        title: 'something was denied',
        with: { since: '2025-01-15T10:45:00Z', profile: 'claw-lab' },
        make: '/usr/local/bin/claw-lab 2>/dev/null; rm -f /etc/apparmor.d/local/usr.local.bin.claw-lab; apparmor_parser -r /etc/apparmor.d/usr.local.bin.claw-lab; /usr/local/bin/claw-lab 2>/dev/null; true',
        finds: 'fail',
      }),
    ],
    { connect: vm.connect, crashes: false },
  );
});
