import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLibrary, type Runbook } from '@claw-run/core';
import { createJournalStore, run } from '@claw-run/engine';
import { linux } from '@claw-run/linux';
import { compileRunbook } from '@claw-run/runbook';
import { sample } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the order of steps is not tried: ${missing}`);

const unit = String.raw`[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 9999\nExecReload=/bin/true\nEnvironmentFile=-/etc/order.env\n`;
const dropIns = '/etc/systemd/system/order.service.d /etc/systemd/system/service.d';
// times of files go by the ticks of the kernel's clock: what is written from now on is newer than what was started before
const tick =
  'touch /run/order.mark; until touch /run/order.tick; [ /run/order.tick -nt /run/order.mark ]; do :; done';
const start = `rm -rf ${dropIns} /etc/order.env /etc/order.d; mkdir /etc/order.d ${dropIns}; printf '${unit}' >/etc/systemd/system/order.service
systemctl daemon-reload; systemctl restart order; systemctl is-active order; ${tick}`;

/** Steps that change what the service reads, each in its own way. */
const changes: { readonly [name: string]: string } = {
  file: '{ uses: linux.file, with: { path: /etc/order.d/a, content: new } }',
  nested: '{ uses: linux.file, with: { path: /etc/order.d//./b, content: new } }',
  line: '{ uses: linux.line, with: { path: /etc/order.d/lines, line: more, create: true } }',
  environment:
    '{ uses: linux.key-value, with: { path: /etc/order.env, key: MORE, value: "1", create: true } }',
  dropIn:
    '{ uses: linux.ini-entry, with: { path: /etc/systemd/system/order.service.d/limits.conf, section: Service, key: LimitNOFILE, value: 4321, create: true } }',
  dropInOfAll:
    '{ uses: linux.file, with: { path: /etc/systemd/system/service.d/all.conf, content: "[Service]\\nNice=3\\n" } }',
  command:
    '{ uses: linux.command, with: { argv: [sh, -c, "echo note >/etc/order.d/note"], unless: [test, -e, /etc/order.d/note], changes: [file /etc/order.d/note] } }',
  silentCommand:
    '{ uses: linux.command, with: { argv: [sh, -c, "echo more >/etc/order.d/more"], unless: [test, -e, /etc/order.d/more] } }',
};
const takenUp: { readonly [name: string]: string } = {
  restart: '{ uses: linux.restart-service, with: { unit: order, reads: [/etc/order.d] } }',
  reload: '{ uses: linux.reload-service, with: { unit: order.service, reads: [/etc/order.d/] } }',
};

/** Some of the changes in some order, and then what takes them up. */
const composed = Object.keys(changes).flatMap((first) =>
  Object.keys(changes).flatMap((second) =>
    Object.keys(takenUp).map((last) => (first === second ? [first, last] : [first, second, last])),
  ),
);

const library = createLibrary(linux);
const releases = releasesFor('order', ['bookworm', 'trixie']);

describe.skipIf(missing !== undefined).each(releases)('on a host of the lab (%s)', (release) => {
  let host: LabHost;
  let folder: string;
  beforeAll(async () => {
    host = await upHost('order', { release });
    folder = await mkdtemp(join(tmpdir(), 'claw-run-order-'));
  });
  afterAll(async () => {
    await host?.down();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(sample(composed, 5, { key: 'order' }).map((steps) => [steps.join(', '), steps] as const))(
    'what is changed is taken up, and nothing is left to do: %s',
    async (_, names) => {
      await host.sh(start);
      const runbook = await runbookOf(names);
      const go = async (mode: 'apply' | 'plan') => {
        const connection = await reach(host);
        try {
          return await run({
            runbook,
            connections: { host: connection },
            journals: createJournalStore(folder),
            who: 'test@localhost',
            mode,
          });
        } finally {
          await connection.close();
        }
      };
      const before = await host.sh('systemctl show order -p MainPID -p ExecReload --value');
      const made = await go('apply');
      expect(made.status, JSON.stringify(made.problems)).toBe('ok');
      const again = await go('plan');
      expect(again.steps.map(({ id, plan }) => [id, plan.plan, plan.because])).toEqual(
        names.map((name) => [name, 'settled', expect.any(String)]),
      );
      // an independent look: the process is another one, or was told to reload
      expect(await host.sh('systemctl show order -p MainPID -p ExecReload --value')).not.toBe(before);
      if (names.includes('dropIn') && names.includes('restart'))
        expect((await host.sh('systemctl show order -p LimitNOFILE --value')).trim()).toBe('4321');
    },
  );

  async function runbookOf(names: readonly string[]): Promise<Runbook> {
    const steps = names.map(
      (name) => `  - { id: ${name}, ${(changes[name] ?? takenUp[name] ?? '').slice(1)}`,
    );
    const text = `runbook: order\nversion: 1\ntitle: Order\ntargets: { host: { kind: host } }\nsteps:\n${steps.join('\n')}\n`;
    const compiled = await compileRunbook(
      { file: 'order.yaml', bytes: Buffer.from(text) },
      { library, readInclude: () => Promise.reject(new Error('nothing is included')) },
    );
    if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join('\n'));
    return compiled.runbook;
  }
});
