import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlace } from '../cli/support/claw-run.ts';
import { type Beside, besideOf } from './support/beside.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';

// A command that is root's goes on when claw-run is killed or its connection is cut: it happens once, and nothing of it comes late.

const missing = whyNoLab();
if (missing !== undefined) console.error(`killed runs on hosts are not tried: ${missing}`);

const runbook = (folder: string) => `runbook: long
version: 1
title: A long command
description: For processes that are killed.
targets: { box: { kind: host } }
steps:
  - { id: one, uses: linux.file, with: { path: ${folder}/one, content: "x\\n" } }
  - id: long
    uses: linux.command
    with:
      argv: [sh, -c, "touch ${folder}/begun; until [ -e ${folder}/go ]; do sleep 0.05; echo noise >&2; done; echo x >>${folder}/count"]
      unless: [test, -e, ${folder}/count]
      undo: [rm, -f, ${folder}/count]
      sudo: true
  - { id: two, uses: linux.file, with: { path: ${folder}/two, content: "x\\n" } }
on-failure: roll-back
`;

describe.skipIf(missing !== undefined)('a command that outlives its claw-run', () => {
  let lab: LabHost;
  let beside: Beside;
  let count = 0;
  beforeAll(async () => {
    lab = await upHost('killed');
    beside = await besideOf(lab);
  });
  afterAll(async () => {
    await beside?.close();
    await lab?.down();
  });

  /** A folder of root's on the host, and a runbook that works in it. */
  async function begin(scheme: 'ssh' | 'openssh', user: string) {
    count += 1;
    const there = `/srv/killed-${count}`;
    await beside.sh(`mkdir ${there}`);
    const { folder, start } = await makePlace();
    const file = join(folder, 'long.yaml');
    await writeFile(file, runbook(there));
    await mkdir(join(folder, '.ssh'), { mode: 0o700 });
    await writeFile(
      join(folder, 'config'),
      `Host box\n  HostName ${lab.address}\n  Port ${lab.port}\n  User ${user}\n  IdentityFile ${lab.key}\n  UserKnownHostsFile ${lab.known_hosts}\n`,
      { mode: 0o600 },
    );
    // the lock is where it usually is on a host
    const how = { env: { CLAW_LOCK_DIR: undefined } };
    const reach = ['--ssh-config', join(folder, 'config'), '--yes'];
    const run = start([file, '--target', `box=${scheme}://box`, ...reach], how);
    const files = () =>
      beside.sh(`cd ${there}; for f in one count two; do [ ! -e $f ] || { echo $f; cat $f; }; done`);
    await expect.poll(() => beside.sh(`ls ${there}`), { timeout: 30_000 }).toContain('begun');
    return {
      run,
      files,
      again: (command: string) => start([command, ...reach], how),
      go: () => beside.sh(`touch ${there}/go`),
      cut: () =>
        beside.sh(
          `for p in $(pgrep -f '^sshd: ${user}@notty'); do kill -9 $p; done; pgrep -fc 'touch ${there}/[b]egun'`,
        ),
    };
  }

  const all = 'one\nx\ncount\nx\ntwo\nx\n';

  test.each([
    ['ssh', 'ops', 'resume', all],
    ['ssh', 'ops', 'rollback', ''],
    ['openssh', 'ops', 'rollback', ''],
    ['openssh', 'root', 'resume', all],
  ] as const)(
    'by %s, as %s, is waited for by %s, and happens once',
    async (scheme, user, command, wanted) => {
      const { run, files, again, go } = await begin(scheme, user);
      run.kill('SIGKILL');
      await run.ended;
      const next = again(command);
      await next.until('a command that was begun earlier');
      expect(await files()).toBe('one\nx\n');
      await go();
      expect(await next.ended).toMatchObject({ exit: 0 });
      expect(await files()).toBe(wanted);
      expect(await again('rollback').ended).toMatchObject({ exit: 0 });
      expect(await files()).toBe('');
    },
  );

  test.each(['ssh', 'openssh'] as const)('by %s, whose connection is cut, happens once', async (scheme) => {
    const { run, files, again, go, cut } = await begin(scheme, 'ops');
    expect(await cut()).not.toBe('0\n');
    await run.until('a command that was begun earlier');
    await go();
    expect(await run.ended).toMatchObject({ exit: 0 });
    expect(await files()).toBe(all);
    expect(await again('rollback').ended).toMatchObject({ exit: 0 });
    expect(await files()).toBe('');
  });
});
