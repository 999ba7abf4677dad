import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Secret } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { openclaw } from '@claw-run/openclaw';
import { slurm } from '@claw-run/slurm';
import { describeHostileHost, examplesOf } from '@claw-run/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Beside, besideOf } from './support/beside.ts';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`hostile users of a host are not tried: ${missing}`);

const subjects = examplesOf([...linux, ...slurm, ...openclaw]);
const passwords: string[] = [];

describe.skipIf(missing !== undefined)('a host of the lab', () => {
  let host: LabHost;
  let beside: Beside;
  beforeAll(async () => {
    host = await upHost('hostile');
    beside = await besideOf(host);
    passwords.push((await readFile(join(dirname(host.key), 'ops2.password'), 'utf8')).trim());
  });
  afterAll(async () => {
    await beside?.close();
    await host?.down();
  });
  const sh = (line: string) => beside.sh(line);

  describe('for root', () => {
    describeHostileHost(subjects, {
      connect: () => reach(host, 'root', { commandSeconds: 10 }),
      sh,
      user: 'alice',
    });
  });

  describe('for an administrator whom sudo asks for a password', () => {
    describeHostileHost(subjects, {
      connect: () =>
        reach(host, 'ops2', { commandSeconds: 10, sudoPassword: new Secret(passwords[0] ?? '') }),
      sh,
      user: 'bob',
      passwords,
      subjects: 6,
    });
  });
});
