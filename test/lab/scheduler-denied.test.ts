import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { sample } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';
import { arrangeRunbook, type Bench, reach, told } from './support/try-runbook.ts';
import { goWholeWay } from './support/whole-way.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`scheduler-denied is not tried: ${why}`);

/** The causes that each scenario is. */
const causes = {
  group: 'group',
  'group-cached': 'scheduler-cache',
  'token-expired': 'token-expired',
  'token-cached': 'token-cached',
  config: 'config',
  'config-stale': 'config-stale',
  proxy: 'proxy',
  container: 'container',
  service: 'service',
  firewall: 'firewall',
} as const satisfies { readonly [S in HeadNodeScenario]?: string };
type Tried = keyof typeof causes;

const singles = Object.keys(causes) as Tried[];
/** One takes away what the other needs. */
const excluded: readonly (readonly [Tried, Tried])[] = [
  ['group', 'group-cached'],
  ['token-expired', 'token-cached'],
  ['config', 'config-stale'],
  ['service', 'group-cached'],
  ['service', 'config-stale'],
  // with a bad token nobody can ask what the cache holds: it is found once the token is good, in the next run
  ['group-cached', 'token-expired'],
  ['group-cached', 'token-cached'],
];
const pairs = singles.flatMap((one, index) =>
  singles
    .slice(index + 1)
    .filter((other) => !excluded.some((pair) => pair.includes(one) && pair.includes(other)))
    .map((other) => [one, other] as const),
);
const somePairs = sample(pairs, 7, { key: 'pairs of scheduler-denied' });
/** While the scheduler does not answer, nobody can tell what it thinks of a token; it is mended all the same. */
const masked: readonly (readonly [by: Tried, what: Tried])[] = [['service', 'token-cached']];

describe.skipIf(why !== undefined)('scheduler-denied on a host of the lab', () => {
  let host: LabHost;
  let head: HeadNode;
  let folder: string;
  let connection: Connection<'host'>;
  let bench: Bench;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-run-scheduler-denied-'));
    host = await upHost('sd-head', { node: true, firewall: true });
    head = await setUpHeadNode(host, { firewall: true });
    connection = await reach(host);
    bench = await arrangeRunbook({
      name: 'scheduler-denied',
      libraries: [linux, openclaw],
      connections: { head: connection, client: connection },
      params: { user: 'alice', 'second-user': 'bob', 'limit-ms': 20_000 },
      folder,
    });
  });
  afterAll(async () => {
    await connection?.close();
    await host?.down();
    await rm(folder, { recursive: true, force: true });
  });

  /** Everything that the runbook may change, to the byte; the client's own log is left out: each denial that it meets adds to it. */
  const snapshot = () =>
    host.sh(`for f in /etc/group /etc/gshadow /etc/claw-scheduler/config.yaml /etc/claw/client.yaml /home/alice/.claw/config.yaml /etc/profile.d/claw-scheduler.sh /etc/firewalld/zones/public.xml; do
      if [ -e $f ]; then sha256sum $f; stat -c '%a %U %G' $f; else echo "no $f"; fi
    done
    firewall-cmd --list-all --zone=public; systemctl is-active claw-scheduler || true; ls /home/alice/.claw | grep -v clw.log; ls /tmp | grep -v -e systemd -e snap || true`);
  const times = () =>
    host.sh(
      `stat -c '%n %Z' /etc/group /etc/gshadow /etc/claw-scheduler/config.yaml /etc/claw/client.yaml /home/alice/.claw/config.yaml /etc/profile.d /etc/firewalld/zones; systemctl show -p MainPID claw-scheduler; ls /var/spool/claw-scheduler`,
    );

  test.each(
    [[], ...singles.map((one) => [one]), ...somePairs].map((scenarios) => ({
      scenarios,
      title: scenarios.join(' and ') || 'healthy',
    })),
  )('$title: found, mended, proved, settled and undone', async ({ scenarios }) => {
    // what the former world gave back in files, firewalld has to have read
    await host.sh('firewall-cmd -q --reload');
    await head.apply(scenarios);
    const all = scenarios.map((one) => causes[one as Tried]).toSorted();
    const hidden = masked
      .filter((pair) => pair.every((one) => scenarios.includes(one)))
      .map(([, what]) => causes[what]);
    const visible = all.filter((one) => !hidden.includes(one as never));
    const proof = async () =>
      expect(await head.as('alice', 'clw whoami && clw list')).toMatchObject({ exitCode: 0 });
    await goWholeWay({ bench, causes: visible, snapshot, times, proof });
  });

  test.each([
    { scenario: 'group-cached', says: 'the scheduler has alice in alice, without claw-users' },
    { scenario: 'token-cached', says: 'the scheduler refuses the token of alice' },
    { scenario: 'config-stale', says: 'config.yaml' },
    { scenario: 'container', says: 'clw of alice runs as uid 0' },
  ] as const)(
    'a world that is mended but for $scenario is not called mended, though others may submit',
    async ({ scenario, says }) => {
      await head.apply([scenario]);
      const left = await bench.go({ select: () => 'left out' });
      expect(left.outcome.status, told(left)).toBe('verification-failed');
      expect(left.outcome.problems.map(({ message }) => message).join('\n')).toContain(says);
    },
  );
});
