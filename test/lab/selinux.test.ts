import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeConfinedHeadNode } from './support/confined-head-node.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';
import { inVm, vmMs } from './support/vm.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`nothing is tried under SELinux: ${missing}`);

const library = createLibrary(linux);

// One VM for all: it is emulated, everything in it takes ten times as long, and it uses up a processor.
describe.skipIf(missing !== undefined)('with SELinux in force', { timeout: vmMs }, () => {
  let vm: LabHost;
  const subject = (one: ByShell) => subjectByShell(library, () => vm, one);
  beforeAll(async () => {
    vm = await upHost('selinux', { vm: 'selinux' });
    await vm.sh(`mkdir -p /srv/claw && echo 1 >'/srv/claw/a b' && chcon -t user_tmp_t '/srv/claw/a b'`);
  }, vmMs);
  afterAll(() => vm?.down());

  it('a file that is written keeps its label, and a new one gets that of the policy', async () => {
    await vm.sh('cd /root && echo old > kept && chcon -t etc_runtime_t kept');
    const host = await reach(vm, 'root', inVm);
    const options = { key: 'a/b/0', signal: AbortSignal.timeout(120_000) };
    await host.perform({ do: 'write', path: '/root/kept', content: 'new' }, options);
    await host.perform({ do: 'write', path: '/root/.k5login', content: 'new' }, options);
    await host.close();
    expect(await vm.sh('cd /root && stat -c %C kept .k5login | cut -d: -f3')).toBe(
      'etc_runtime_t\nkrb5_home_t',
    );
  });

  describe('the laws', () => {
    const kept = '/var/lib/selinux/default/active';
    const customised = `cd ${kept}; for f in ports.local file_contexts.local booleans.local; do echo "$f"; grep -sv '^#' $f | grep . || true; done`;
    let before = '';

    it('start from customisations that somebody else made', async () => {
      before = await vm.sh(customised);
      expect(before).toContain('portcon tcp 7321');
    });

    // What an earlier trial left applied is rolled back before the next; asking libsemanage whether there is anything would take longer.
    describeLaws(
      [
        subject({
          id: 'linux.selinux-port',
          title: 'a port that the policy gives another type',
          with: { port: 8080, type: 'claw_scheduler_port_t' },
          make: `grep -q 'tcp 8080 ' ${kept}/ports.local && semanage port -d -p tcp 8080 || true`,
        }),
        subject({
          id: 'linux.selinux-boolean',
          title: 'a boolean that is off and was never customised',
          with: { name: 'httpd_can_network_connect', value: true },
          make: `grep -qs '^httpd_can_network_connect=' ${kept}/booleans.local && python3 -c 'import seobject; seobject.booleanRecords().delete("httpd_can_network_connect")'; setsebool httpd_can_network_connect off`,
        }),
        subject({
          id: 'linux.selinux-fcontext',
          title: 'a folder that gets a type of its own, with a file of another',
          with: { path: '/srv/claw', type: 'claw_scheduler_conf_t' },
          make: `grep -qs /srv/claw ${kept}/file_contexts.local && semanage fcontext -d '/srv/claw(/.*)?'; restorecon -RF /srv; chcon -u unconfined_u -t user_tmp_t '/srv/claw/a b'`,
        }),
        subject({
          id: 'linux.avc-denials',
          title: 'nothing was denied to a domain that never ran',
          with: { since: '2025-01-15T10:45:00Z', domain: 'claw_scheduler_t' },
          finds: 'pass',
        }),
      ],
      { connect: () => reach(vm, 'root', inVm), crashes: false },
    );

    // The last law of each step rolls back what it applied.
    it('leave every customisation as it was', async () => {
      expect(await vm.sh(customised)).toBe(before);
    });

    it('leave the protection in force', async () => {
      expect(await vm.sh('cat /sys/fs/selinux/enforce')).toBe('1');
    });
  });

  describeConfinedHeadNode(() => vm, {
    kind: 'selinux',
    label: {
      line: 'ps -o label= -p $(systemctl show -P MainPID claw-scheduler)',
      is: 'system_u:system_r:claw_scheduler_t:s0',
    },
    enforced: 'getenforce',
    denials: (since) =>
      `ausearch --input-logs -m avc -ts '${since}' 2>/dev/null | grep -c 'scontext=[^ ]*:claw_' || true`,
    state: "semanage port -lC; semanage fcontext -lC; ls -Z /etc/claw-scheduler/config.yaml | cut -d' ' -f1",
    faults: [
      {
        scenario: 'selinux-label',
        causes: ['file-denied', 'service'],
        says: /^\[ERROR\] Cannot read \/etc\/claw-scheduler\/config\.yaml: EACCES \(/,
      },
      {
        scenario: 'selinux-port',
        causes: ['port-denied', 'service'],
        says: /^\[ERROR\] Cannot listen on 0\.0\.0\.0:8080: EACCES \(/,
      },
    ],
  });
});
