import { createLibrary, type JsonObject } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { askCheck, tryStep } from './support/one-use.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of services and processes are not tried: ${missing}`);

const library = createLibrary(linux);
let host: LabHost;
const subject = (one: ByShell) => subjectByShell(library, () => host, one);

const unit = String.raw`[Service]\nExecStart=/bin/sleep 9999\nExecReload=/bin/true\nEnvironmentFile=-/etc/laws.env\n[Install]\nWantedBy=multi-user.target\n`;
const installed = `printf '${unit}' >/etc/systemd/system/laws.service; rm -f /etc/laws.env; systemctl daemon-reload; systemctl disable -q laws; systemctl reset-failed laws || true`;
// times of files go by the ticks of the kernel's clock: what is written from now on is newer than what was started before
const tick =
  'touch /run/laws.mark; until touch /run/laws.tick; [ /run/laws.tick -nt /run/laws.mark ]; do :; done';
const running = `${installed}; systemctl restart laws; systemctl is-active laws; ${tick}`;
const outdated = `${running}; touch /etc/laws.env`;
const changedUnit = `${running}; echo '# changed' >>/etc/systemd/system/laws.service`;

// not bullseye: systemd 247 gives the times of a process to the second alone, and a file of that second counts as newer
const releases = releasesFor('services', ['bookworm', 'trixie']);

describe.skipIf(missing !== undefined).each(releases)('on a host of the lab (%s)', (release) => {
  beforeAll(async () => {
    host = await upHost('services', { release });
  });
  afterAll(() => host?.down());

  const asked = (id: string, input: JsonObject) =>
    askCheck(library, id, { connect: () => reach(host), input });
  const tried = (id: string, input: JsonObject) =>
    tryStep(library, id, { connect: () => reach(host), input });

  describeLaws(
    [
      subject({
        id: 'linux.restart-service',
        title: 'older than what it reads',
        with: { unit: 'laws', reads: ['/etc/laws.d'] },
        make: outdated,
      }),
      subject({
        id: 'linux.service',
        title: 'stopped and disabled',
        with: { unit: 'laws', running: true, enabled: true },
        make: `${installed}; systemctl stop laws`,
        crashes: false,
      }),
      subject({
        id: 'linux.service',
        title: 'running',
        with: { unit: 'laws', running: false },
        make: running,
        crashes: false,
      }),
      subject({
        id: 'linux.service',
        title: 'unknown',
        with: { unit: 'nosuch', running: true },
        make: installed,
        plans: 'refused',
      }),
      subject({
        id: 'linux.restart-service',
        title: 'of another unit file',
        with: { unit: 'laws' },
        make: changedUnit,
        crashes: false,
      }),
      subject({
        id: 'linux.restart-service',
        title: 'newer than what it reads',
        with: { unit: 'laws' },
        make: running,
        plans: 'settled',
      }),
      subject({
        id: 'linux.reload-service',
        title: 'older than what it reads',
        with: { unit: 'laws' },
        make: outdated,
        crashes: false,
      }),
      subject({
        id: 'linux.command',
        title: 'not yet run',
        with: {
          argv: ['touch', '/root/laws.done'],
          unless: ['test', '-e', '/root/laws.done'],
          undo: ['rm', '/root/laws.done'],
          sudo: true,
        },
        make: 'rm -f /root/laws.done',
        crashes: false,
      }),
      subject({
        id: 'linux.service-active',
        title: 'running',
        with: { unit: 'laws' },
        make: running,
        finds: 'pass',
      }),
      subject({
        id: 'linux.service-active',
        title: 'stopped',
        with: { unit: 'laws' },
        make: `${running}; systemctl stop laws`,
        finds: 'fail',
      }),
      subject({
        id: 'linux.service-fresh',
        title: 'changed and not restarted',
        with: { unit: 'laws' },
        make: outdated,
        finds: 'fail',
      }),
      subject({
        id: 'linux.service-fresh',
        title: 'restarted',
        with: { unit: 'laws' },
        make: running,
        finds: 'pass',
      }),
      subject({
        id: 'linux.package-present',
        title: 'there',
        with: { name: 'openssh-server' },
        make: ':',
        finds: 'pass',
      }),
      subject({
        id: 'linux.package-present',
        title: 'not there',
        with: { name: 'nosuch' },
        make: ':',
        finds: 'fail',
      }),
      subject({
        id: 'linux.uid-mapping',
        title: 'no container',
        with: { pid: 1, inside: 0, outside: 0 },
        make: ':',
        finds: 'pass',
      }),
      subject({
        id: 'linux.uid-mapping',
        title: 'as a user',
        with: { command: ['unshare', '-Ur', 'id', '-u'], as: 'alice', inside: 1002 },
        make: ':',
        finds: 'fail',
      }),
      subject({
        id: 'linux.proxy-variables',
        title: 'a proxy in the profile',
        with: { user: 'alice', server: 'https://claw-head-01:8080' },
        make: "echo 'export https_proxy=http://proxy:3128' >/etc/profile.d/laws.sh",
        finds: 'fail',
      }),
      subject({
        id: 'linux.proxy-variables',
        title: 'an exempt server',
        with: { user: 'alice', server: 'https://claw-head-01:8080' },
        make: "echo 'export https_proxy=http://proxy:3128 no_proxy=claw-head-01' >/etc/profile.d/laws.sh",
        finds: 'pass',
      }),
      subject({
        id: 'linux.certificate',
        title: 'nobody answers',
        with: { connect: '127.0.0.1:9' },
        make: ':',
        finds: 'unknown',
      }),
      subject({
        id: 'linux.log-mark',
        title: 'the journal of a unit',
        with: { unit: 'laws' },
        make: running,
        crashes: false,
      }),
    ],
    { connect: () => reach(host) },
  );

  it('a unit that fails to come up is told with its last words', async () => {
    await host.sh(
      `${running}; printf '[Service]\\nExecStart=/bin/sh -c "echo the port is taken >&2; exit 3"\\n' >/etc/systemd/system/laws.service`,
    );
    const { applied } = await tried('linux.restart-service', { unit: 'laws' });
    const told = applied.problems.map(({ message }) => message).join();
    expect(told).toContain('laws.service has failed (exit-code)');
    expect(told).toContain('the port is taken');
  });

  it('lines are found since a mark, also where the log was rotated in between', async () => {
    await host.sh('rm -f /var/log/laws*; printf "user alice refused\\n" >/var/log/laws.log');
    const mark = (await host.sh('stat -c "file %i %s" /var/log/laws.log')).trim();
    const find = () =>
      asked('linux.log-lines', { path: '/var/log/laws.log', matches: 'user alice', since: mark });
    expect(await find()).toMatchObject({ finding: 'excluded' });
    await host.sh(
      'echo "user alice again" >>/var/log/laws.log; mv /var/log/laws.log /var/log/laws.log.1; echo new >/var/log/laws.log',
    );
    expect(await find()).toMatchObject({
      finding: 'found',
      because: expect.stringContaining('1 lines'),
    });
    await host.sh('rm /var/log/laws.log.1');
    expect(await find()).toMatchObject({ finding: 'unknown' });
  });

  it('undoing a restart starts the process once more', async () => {
    await host.sh(outdated);
    const trial = await tried('linux.restart-service', { unit: 'laws' });
    expect(trial.applied.status).toBe('ok');
    const started = () => host.sh('systemctl show -P InvocationID laws');
    const first = await started();
    expect((await trial.undo()).status).toBe('ok');
    expect(await started()).not.toBe(first);
  });
});
