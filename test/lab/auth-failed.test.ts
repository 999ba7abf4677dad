import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, type ParamValue, Secret } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { type HeadNode, setUpHeadNode } from './support/scheduler.ts';
import { arrangeRunbook, type Bench, reach } from './support/try-runbook.ts';
import { goWholeWay } from './support/whole-way.ts';

// What only a host of its own can show: accounts that are real, and a directory. All related errors are tried on the practice head node.
const why = whyNoLab();
if (why !== undefined) console.error(`auth-failed is not tried with real accounts: ${why}`);

interface World {
  readonly host: LabHost;
  readonly head: HeadNode;
  readonly bench: (name: string, params?: { readonly [name: string]: ParamValue }) => Promise<Bench>;
  /** Everything that a runbook may change, to the byte. */
  readonly snapshot: () => Promise<string>;
  readonly down: () => Promise<void>;
}

async function bringUp(stem: string, kind: 'host' | 'ldap'): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-related-'));
  const host = await upHost(stem, { node: true, ...(kind === 'ldap' ? { ldap: true } : {}) });
  const head = await setUpHeadNode(host, { kind });
  const connection: Connection<'host'> = await reach(host);
  const { user } = head;
  return {
    host,
    head,
    bench: (name, params = {}) =>
      arrangeRunbook({
        name,
        libraries: [linux, openclaw],
        connections: { head: connection, client: connection },
        params: { user, ...params },
        folder,
      }),
    snapshot: () =>
      host.sh(`getent -s files shadow; sha256sum /etc/claw-scheduler/config.yaml; stat -c '%a %U %G' /etc/shadow
        cd /home/${user}/.claw && sha256sum config.yaml credentials; stat -c '%a %u %g' config.yaml credentials
        systemctl is-active claw-scheduler sssd || true; ls /tmp | grep -v -e systemd -e snap || true`),
    async down() {
      await connection.close();
      await host.down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Rejected {
  readonly scenarios: readonly HeadNodeScenario[];
  readonly params: { readonly [name: string]: ParamValue };
  readonly causes: readonly string[];
}

describe.skipIf(why !== undefined)('with the accounts of a host', () => {
  let world: World;
  beforeAll(async () => {
    world = await bringUp('rel-head', 'host');
  });
  afterAll(() => world?.down());

  test.each<Rejected>([
    {
      scenarios: ['account-locked', 'account-expired'],
      params: { unlock: true, 'valid-until': 'never' },
      causes: ['expired', 'locked'],
    },
    {
      scenarios: ['password-wrong'],
      params: { reset: true, password: new Secret('a-new-one-for-alice') },
      causes: ['password'],
    },
  ])(
    'auth-failed: $scenarios is found, mended, proved by a login, settled and undone',
    async ({ scenarios, params, causes }) => {
      await world.head.apply(scenarios);
      const bench = await world.bench('auth-failed', params);
      await goWholeWay({ bench, causes, snapshot: world.snapshot });
    },
  );
});

describe.skipIf(why !== undefined)('with the accounts of a directory', () => {
  let world: World;
  beforeAll(async () => {
    world = await bringUp('rel-ldap', 'ldap');
  });
  afterAll(() => world?.down());

  test('auth-failed: a client of the directory that does not run is started', async () => {
    await world.head.apply(['directory-client']);
    const bench = await world.bench('auth-failed');
    await goWholeWay({ bench, causes: ['directory-client'], snapshot: world.snapshot });
  });
});
