import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, ipv6Of, setUpHeadNode } from './support/scheduler.ts';
import { arrangeRunbook, type Bench, found, reach, told } from './support/try-runbook.ts';
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
  { scenarios: ['ipv6'], causes: ['address'] },
  { scenarios: ['ipv6', 'firewall'], causes: ['address', 'firewall'] },
  { scenarios: ['ipv6', 'service'], causes: ['address', 'service'] },
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
      both(`for f in /etc/group /etc/gshadow /etc/hosts /etc/claw-scheduler/config.yaml /etc/claw/client.yaml /home/alice/.claw/config.yaml /etc/profile.d/claw-scheduler.sh /etc/firewalld/zones/public.xml /etc/firewalld/zones/internal.xml; do
      if [ -e $f ]; then sha256sum $f; stat -c '%a %U %G' $f; else echo "no $f"; fi
    done
    if systemctl is-active -q firewalld; then firewall-cmd --list-all --zone=public; firewall-cmd --list-all --zone=internal; fi
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
        if (scenarios.includes('firewall') || scenarios.includes('ipv6'))
          expect(await ofAlice('clw health')).toMatch(
            /^scheduler-unavailable: cannot reach claw-head-01:8080/,
          );
        await goWholeWay({ bench, causes, snapshot, times, proof });
      },
    );

    // the firewall is judged as the client meets it
    test.each([
      {
        title: 'the zone that the client comes through lacks the port, which another has',
        scenarios: [],
        rule: '--zone=internal --XXX-source=10.77.0.0/24',
        health: /^scheduler-unavailable/,
        causes: ['firewall'],
      },
      {
        title: 'the port is open to the network of the client alone, and stays so',
        scenarios: ['firewall'],
        rule: `--zone=public --XXX-rich-rule='rule family="ipv4" source address="10.77.0.0/24" port port="8080" protocol="tcp" accept'`,
        health: /^{"status":"healthy"}$/,
        causes: [],
      },
    ] as const)('$title', async ({ scenarios, rule, health, causes }) => {
      const [server] = hosts as [LabHost];
      const change = (how: 'add' | 'remove') =>
        server.sh(`for where in '' --permanent; do firewall-cmd -q $where ${rule.replace('XXX', how)}; done`);
      await head.apply(scenarios);
      await change('add');
      try {
        expect(await ofAlice('clw health')).toMatch(health);
        await goWholeWay({ bench, causes, snapshot, times, proof });
      } finally {
        await change('remove');
      }
    });

    test('a name with both families, of which the scheduler listens on one, is found though some clients go on to the next', async () => {
      const [server] = hosts as [LabHost];
      await head.apply(['ipv6']);
      await hosts[1]?.sh(`echo '${server.ip} claw-head-01' >> /etc/hosts`);
      expect(await ofAlice('clw health')).toBe('{"status":"healthy"}');
      await goWholeWay({ bench, causes: ['address'], snapshot, times, proof });
    });

    test.each([
      {
        title: 'an address of another host',
        of: 1,
        says: /^2001:db8:77::\d+ is no address of this host \(.*\)$/,
        hint: /correct what the clients have for its name/,
      },
      {
        title: 'an address by which something on the way keeps clients out',
        of: 0,
        says: /^\/etc\/claw-scheduler\/config.yaml has 0.0.0.0:8080, \[::\]:8080, and yet clients get no answer at \[2001:db8:77::\d+\]:8080$/,
        hint: /let the port in by this family/,
      },
    ])('$title is refused with what to do, and nothing is touched', async ({ of, says, hint }) => {
      const [server] = hosts as [LabHost];
      await head.apply(['group']);
      const first = ipv6Of(hosts[of] as LabHost);
      await hosts[1]?.sh(
        `{ echo '${first} claw-head-01'; cat /etc/hosts; } > /run/h; cat /run/h > /etc/hosts`,
      );
      await server.sh('nft -f -', {
        input:
          'table ip6 on_the_way { chain in { type filter hook input priority -300; tcp dport 8080 reject with tcp reset; }; }',
      });
      try {
        const before = await snapshot();
        const ran = await bench.go();
        expect({ status: ran.outcome.status, found: found(ran) }, told(ran)).toEqual({
          status: 'refused',
          found: ['address', 'group'],
        });
        expect(ran.outcome.problems).toMatchObject([
          { message: expect.stringMatching(says), hint: expect.stringMatching(hint) },
        ]);
        expect(await snapshot()).toEqual(before);
      } finally {
        await server.sh('nft delete table ip6 on_the_way');
      }
    });
  },
);
