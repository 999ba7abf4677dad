import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';
import { arrangeRunbook, type Bench, reach } from './support/try-runbook.ts';
import { goWholeWay } from './support/whole-way.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`scheduler-denied is not tried on two hosts: ${why}`);

/** What is broken, and the causes that it is. */
const worlds: readonly {
  readonly scenarios: readonly HeadNodeScenario[];
  readonly causes: readonly string[];
}[] = [
  { scenarios: [], causes: [] },
  { scenarios: ['firewall'], causes: ['firewall'] },
  { scenarios: ['group'], causes: ['group'] },
  { scenarios: ['token-expired'], causes: ['token-expired'] },
  { scenarios: ['proxy'], causes: ['proxy'] },
  { scenarios: ['firewall', 'group'], causes: ['firewall', 'group'] },
];

describe.skipIf(why !== undefined)(
  'scheduler-denied with the scheduler on one host and the user on another',
  () => {
    let hosts: readonly LabHost[] = [];
    let head: HeadNode;
    let folder: string;
    let connections: { readonly head: Connection<'host'>; readonly client: Connection<'host'> };
    let bench: Bench;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'claw-run-two-hosts-'));
      hosts = await Promise.all([
        upHost('sd2-head', { node: true, firewall: true }),
        upHost('sd2-client', { node: true }),
      ]);
      const [server, client] = hosts as [LabHost, LabHost];
      head = await setUpHeadNode(server, { firewall: true });
      await head.addClient(client);
      connections = { head: await reach(server), client: await reach(client) };
      bench = await arrangeRunbook({
        name: 'scheduler-denied',
        libraries: [linux, openclaw],
        connections,
        params: { user: 'alice', 'second-user': 'bob', jobs: 3, 'limit-ms': 20_000 },
        folder,
      });
    });
    afterAll(async () => {
      await Promise.all(Object.values(connections ?? {}).map((each) => each.close()));
      await Promise.all(hosts.map((each) => each.down()));
      await rm(folder, { recursive: true, force: true });
    });
    const both = async (line: string) =>
      (await Promise.all(hosts.map(async (host) => `${host.name}:\n${await host.sh(line)}`))).join('\n');

    /** The client's own log is left out: each denial that it meets adds to it. */
    const snapshot = () =>
      both(`for f in /etc/group /etc/gshadow /etc/hosts /etc/claw-scheduler/config.yaml /etc/claw/client.yaml /home/alice/.claw/config.yaml /etc/profile.d/claw-scheduler.sh /etc/firewalld/zones/public.xml; do
      if [ -e $f ]; then sha256sum $f; stat -c '%a %U %G' $f; else echo "no $f"; fi
    done
    if systemctl is-active -q firewalld; then firewall-cmd --list-all --zone=public; fi
    systemctl is-active claw-scheduler || true; ls /home/alice/.claw | grep -v clw.log; ls /tmp | grep -v -e systemd -e snap || true`);
    const times = () =>
      both(
        `stat -c '%n %Z' /etc/group /etc/gshadow /etc/claw-scheduler/config.yaml /etc/claw/client.yaml /home/alice/.claw/config.yaml /etc/profile.d /etc/firewalld/zones 2>/dev/null; systemctl show -p MainPID claw-scheduler; ls /var/spool/claw-scheduler 2>/dev/null || true`,
      );
    const ofAlice = (line: string) => hosts[1]?.sh(`su - alice -c '${line} 2>&1' || true`);
    const proof = async () => expect(await ofAlice('clw list')).toMatch(/^(No jobs\.|.* COMPLETED +alice)/);

    test.each(worlds.map((world) => ({ ...world, title: world.scenarios.join(' and ') || 'healthy' })))(
      '$title: found, mended, proved, settled and undone',
      async ({ scenarios, causes }) => {
        await hosts[0]?.sh('firewall-cmd -q --reload');
        await head.apply(scenarios);
        if (scenarios.includes('firewall'))
          expect(await ofAlice('clw health')).toMatch(
            /^scheduler-unavailable: cannot reach claw-head-01:8080/,
          );
        await goWholeWay({ bench, causes, snapshot, times, proof });
      },
    );
  },
);
