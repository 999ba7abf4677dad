import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws } from '@claw-run/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeConfinedHeadNode } from './support/confined-head-node.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';
import { inVm, vmMs } from './support/vm.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`nothing is tried under AppArmor: ${missing}`);

const library = createLibrary(linux);
const profile = `#include <tunables/global>
profile claw-lab /usr/local/bin/claw-lab {
  #include <abstractions/base>
  /usr/bin/dash ix,
  /usr/bin/cat ix,
  /usr/local/bin/claw-lab r,
  include if exists <local/usr.local.bin.claw-lab>
}
`;

// One VM for all: it is emulated, everything in it takes ten times as long, and it uses up a processor.
describe.skipIf(missing !== undefined)('with AppArmor in force', { timeout: vmMs }, () => {
  let vm: LabHost;
  const subject = (one: ByShell) => subjectByShell(library, () => vm, one);
  beforeAll(async () => {
    vm = await upHost('apparmor', { vm: 'apparmor' });
    await vm.sh(`cat >/etc/apparmor.d/usr.local.bin.claw-lab <<'E'
${profile}E
printf '#!/bin/sh\\nexec cat /srv/secret\\n' >/usr/local/bin/claw-lab; chmod 755 /usr/local/bin/claw-lab; echo told >/srv/secret
apparmor_parser -r /etc/apparmor.d/usr.local.bin.claw-lab`);
  }, vmMs);
  afterAll(() => vm?.down());

  describeLaws(
    [
      subject({
        id: 'linux.apparmor-rule',
        title: 'a profile without local additions',
        with: { profile: 'usr.local.bin.claw-lab', rule: '/srv/secret r,' },
        make: 'rm -f /etc/apparmor.d/local/usr.local.bin.claw-lab; apparmor_parser -r /etc/apparmor.d/usr.local.bin.claw-lab',
      }),
      subject({
        id: 'linux.apparmor-denials',
        title: 'something was denied',
        with: { since: '2025-01-15T10:45:00Z', profile: 'claw-lab' },
        make: '/usr/local/bin/claw-lab 2>/dev/null; rm -f /etc/apparmor.d/local/usr.local.bin.claw-lab; apparmor_parser -r /etc/apparmor.d/usr.local.bin.claw-lab; /usr/local/bin/claw-lab 2>/dev/null; true',
        finds: 'fail',
      }),
    ],
    { connect: () => reach(vm, 'root', inVm), crashes: false },
  );

  describeConfinedHeadNode(() => vm, {
    kind: 'apparmor',
    label: {
      line: 'cat /proc/$(systemctl show -P MainPID claw-scheduler)/attr/current',
      is: 'claw-schedulerd (enforce)',
    },
    enforced: "grep claw-schedulerd /sys/kernel/security/apparmor/profiles | grep -o 'enforce'",
    denials: (since) =>
      `journalctl -k --no-pager --since '${since}' | grep -c 'apparmor="DENIED".*profile="claw-schedulerd"' || true`,
    state:
      'sha256sum /etc/apparmor.d/usr.sbin.claw-schedulerd; cat /etc/apparmor.d/local/usr.sbin.claw-schedulerd 2>/dev/null || true',
    faults: [
      {
        scenario: 'apparmor',
        causes: ['file-denied', 'service'],
        says: /^\[ERROR\] Cannot read \/etc\/claw-scheduler\/config\.yaml: EACCES \(/,
      },
    ],
  });
});
