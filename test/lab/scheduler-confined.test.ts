import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';
import { arrangeRunbook, changing, found, reach, told } from './support/try-runbook.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`scheduler-denied is not tried under SELinux and AppArmor: ${why}`);

// A VM is emulated: everything takes ten times as long.
const vmSeconds = 900_000;

describe.skipIf(why !== undefined)('scheduler-denied on a head node that is confined', () => {
  describe.each([
    {
      vm: 'selinux',
      tried: { 'selinux-port': ['port-denied', 'service'], 'selinux-label': ['file-denied', 'service'] },
      enforced: 'getenforce',
      state:
        "semanage port -lC; semanage fcontext -lC; ls -Z /etc/claw-scheduler/config.yaml | cut -d' ' -f1",
    },
    {
      vm: 'apparmor',
      tried: { apparmor: ['file-denied', 'service'] },
      enforced: "grep claw-schedulerd /sys/kernel/security/apparmor/profiles | grep -o 'enforce'",
      state:
        'sha256sum /etc/apparmor.d/usr.sbin.claw-schedulerd; cat /etc/apparmor.d/local/usr.sbin.claw-schedulerd 2>/dev/null || true',
    },
  ] as const)('by $vm', ({ vm, tried, enforced, state }) => {
    let host: LabHost;
    let head: HeadNode;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'claw-run-scheduler-confined-'));
      host = await upHost(`sd-${vm}`, { vm });
      head = await setUpHeadNode(host, { kind: vm });
    }, vmSeconds);
    afterAll(async () => {
      await host?.down();
      await rm(folder, { recursive: true, force: true });
    });

    test.each(Object.entries(tried))(
      '%s: found, mended with the protection in force, settled and undone',
      async (scenario, causes) => {
        await head.apply([scenario as keyof typeof tried]);
        const connection = await reach(host);
        const bench = await arrangeRunbook({
          name: 'scheduler-denied',
          libraries: [linux, openclaw],
          connections: { head: connection, client: connection },
          params: { user: 'alice', jobs: 2, 'limit-ms': 60_000 },
          folder,
        });
        try {
          const snapshot = () => host.sh(`${state}; systemctl is-active claw-scheduler || true`);
          const [before, force] = [await snapshot(), await host.sh(enforced)];
          const mended = await bench.go();
          expect({ status: mended.outcome.status, found: found(mended) }, told(mended)).toEqual({
            status: 'ok',
            found: causes,
          });
          expect(await host.sh(enforced), 'nothing is turned off').toBe(force);
          const again = await bench.go();
          expect({ found: found(again), changing: changing(again) }, told(again)).toEqual({
            found: [],
            changing: [],
          });
          const undone = await bench.undo(mended.outcome.run);
          expect(undone.outcome.status, told(undone)).toBe('ok');
          expect((await snapshot()).replace(/inactive$/, 'failed')).toBe(before);
        } finally {
          await connection.close();
        }
      },
      vmSeconds,
    );
  });
});
