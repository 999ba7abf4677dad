import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import type { HeadNodeScenario } from '@claw-run/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { submitJob } from './jobs.ts';
import type { LabHost } from './lab.ts';
import { type HeadNode, setUpHeadNode } from './scheduler.ts';
import { arrangeRunbook, type Bench, changing, found, reach, told } from './try-runbook.ts';
import { inVm, vmMs } from './vm.ts';

/** One kind of mandatory access control, by shell lines. */
export interface Confinement {
  readonly kind: 'selinux' | 'apparmor';
  /** What the scheduler's process is labelled, and how that is seen. */
  readonly label: { readonly line: string; readonly is: string };
  /** Prints the same as long as the protection is in force. */
  readonly enforced: string;
  /** Prints how often the scheduler was denied something since a time of the day. */
  readonly denials: (since: string) => string;
  /** Prints all that the runbook may change. */
  readonly state: string;
  readonly faults: readonly {
    readonly scenario: HeadNodeScenario;
    readonly causes: readonly string[];
    /** The last line of the scheduler's log. */
    readonly says: RegExp;
  }[];
}

/** A head node in a VM, confined: it works, and scheduler-denied fixes what its confinement was made to deny. */
export function describeConfinedHeadNode(vm: () => LabHost, confinement: Confinement): void {
  describe('a head node', () => {
    let head: HeadNode;
    let folder: string;
    let connection: Connection<'host'>;
    let bench: Bench;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'claw-run-confined-'));
      head = await setUpHeadNode(vm(), { kind: confinement.kind });
      connection = await reach(vm(), 'root', inVm);
      bench = await arrangeRunbook({
        name: 'scheduler-denied',
        libraries: [linux, openclaw],
        connections: { head: connection, client: connection },
        params: { user: 'alice', jobs: 2, 'limit-ms': 60_000 },
        folder,
      });
    }, vmMs);
    afterAll(async () => {
      await connection?.close();
      await rm(folder, { recursive: true, force: true });
    });
    const sh = (line: string) => vm().sh(line);
    const clock = () => sh('date +%H:%M:%S');
    const works = async (user: string) =>
      expect(await submitJob(head, user)).toMatchObject({ exitCode: 0, stderr: '' });

    test('works confined, without a denial', async () => {
      const since = await clock();
      await works('alice');
      await works('bob');
      await sh(
        'systemctl restart claw-scheduler; until clw health >/dev/null 2>&1; do :; done; systemctl reload claw-scheduler',
      );
      await works('alice');
      expect(await sh(confinement.label.line)).toBe(confinement.label.is);
      expect(await sh(confinement.denials(since))).toBe('0');
    });

    test.each(confinement.faults)(
      '$scenario keeps it from starting; found, fixed with the protection in force, no change the second time, rolled back',
      async ({ scenario, causes, says }) => {
        const since = await clock();
        await head.apply([scenario]);
        expect(await sh('systemctl is-active claw-scheduler || true')).toBe('failed');
        expect(await sh('tail -n 1 /var/log/claw-scheduler.log')).toMatch(says);
        expect(Number(await sh(confinement.denials(since)))).toBeGreaterThan(0);

        const snapshot = () => sh(`${confinement.state}; systemctl is-active claw-scheduler || true`);
        const [before, force] = [await snapshot(), await sh(confinement.enforced)];
        const fixed = await bench.go();
        expect({ status: fixed.outcome.status, found: found(fixed) }, told(fixed)).toEqual({
          status: 'ok',
          found: causes,
        });
        expect(await sh(confinement.enforced), 'nothing is turned off').toBe(force);
        await works('alice');
        const again = await bench.go();
        expect({ found: found(again), changing: changing(again) }, told(again)).toEqual({
          found: [],
          changing: [],
        });
        const undone = await bench.undo(fixed.outcome.run);
        expect(undone.outcome.status, told(undone)).toBe('ok');
        expect((await snapshot()).replace(/inactive$/, 'failed')).toBe(before);
      },
    );
  });
}
