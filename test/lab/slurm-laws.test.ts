import { createLibrary, type RunResult } from '@claw-run/core';
import { slurm } from '@claw-run/slurm';
import { describeLaws, type Subject } from '@claw-run/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabHost, upHost, whyNoLab } from './support/lab.ts';
import { nodeReady } from './support/slurm.ts';
import { type ByShell, subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const why = whyNoLab();
if (why !== undefined) console.error(`the laws of Slurm's steps are not tried: ${why}`);

const library = createLibrary(slurm);
let host: LabHost;

// The laws take away every file that a subject reads: the clients of slurmctld go by a copy of slurm.conf, which comes back first.
const lineOf = (groups: string) =>
  `sed 's/^PartitionName=claw .*/PartitionName=claw Nodes=ALL MaxTime=INFINITE AllowGroups=${groups} # who may/' /etc/slurm.conf.start >/etc/slurm/slurm.conf`;
const group = 'cp -p /root/group.start /etc/group; cp -p /root/gshadow.start /etc/gshadow';
const world = (
  groups: string,
  more = 'true',
) => `${lineOf(groups)}; ${group}; ${more}; scontrol reconfigure; scontrol update PartitionName=claw State=UP
${nodeReady}`;
const joined = 'usermod -aG claw-users alice';
const healthy = world('claw-users', joined);
const stale = `${world('claw-users')}; ${joined}`;
const cancelled = `${healthy}; scancel -u alice`;
const drained = (world: string) =>
  `${world}; scontrol update NodeName=$(hostname -s) State=DRAIN Reason='fan is slow'`;

/** A use of a definition with a slurmctld that a shell line leads into a state. */
function subject(one: ByShell & { make: string }): Subject {
  return subjectByShell(library, () => host, one);
}

/** slurmctld keeps jobs that have ended for some minutes and then forgets them by itself. */
function jobsGoing(raw: unknown): unknown {
  const { stdout } = raw as RunResult;
  return stdout.split('\n').filter((line) => !/\|(COMPLETED|CANCELLED)\|/.test(line));
}

const alice = { user: 'alice', partition: 'claw' };
const users = { partition: 'claw', group: 'claw-users' };

describe.skipIf(why !== undefined)('with a slurmctld of the lab', () => {
  beforeAll(async () => {
    host = await upHost('slaws', { slurm: true });
    await host.sh(
      'cp -p /etc/slurm/slurm.conf /etc/slurm.conf.start; echo SLURM_CONF=/etc/slurm.conf.start >>/etc/environment; cp -p /etc/group /root/group.start; cp -p /etc/gshadow /root/gshadow.start',
    );
  });
  afterAll(() => host?.down());

  const connect = () => reach(host);
  describeLaws(
    [
      subject({
        id: 'slurm.partition-group',
        title: 'a partition of another group',
        with: users,
        make: world('root'),
      }),
      subject({
        id: 'slurm.reconfigure',
        title: 'a list of users from before',
        with: alice,
        make: stale,
      }),
      subject({
        id: 'slurm.test-job',
        title: 'a user who may',
        with: alice,
        make: cancelled,
        lasting: jobsGoing,
      }),
    ],
    { connect },
  );

  // What does not differ in how it acts is not killed as well.
  describeLaws(
    [
      subject({
        id: 'slurm.partition-group',
        title: 'a file that slurmctld has not read',
        with: users,
        make: `${world('root')}; ${lineOf('claw-users')}`,
      }),
      subject({
        id: 'slurm.partition-group',
        title: 'a slurmctld that was told, and no file',
        with: users,
        make: `${world('root')}; scontrol update PartitionName=claw AllowGroups=root,claw-users`,
      }),
      subject({
        id: 'slurm.partition-group',
        title: 'a partition that lets everybody in',
        with: { ...users, partition: 'open' },
        make: healthy,
        plans: 'settled',
      }),
      subject({
        id: 'slurm.partition-group',
        title: 'no such partition',
        with: { ...users, partition: 'gpu' },
        make: healthy,
        plans: 'refused',
      }),
      subject({
        id: 'slurm.reconfigure',
        title: 'a user whom slurmctld takes',
        with: alice,
        make: healthy,
        plans: 'settled',
      }),
      subject({
        id: 'slurm.group-allowed',
        title: 'listed in both',
        with: users,
        make: healthy,
        finds: 'pass',
      }),
      subject({
        id: 'slurm.group-allowed',
        title: 'listed in neither',
        with: users,
        make: world('root'),
        finds: 'fail',
      }),
      subject({
        id: 'slurm.group-allowed',
        title: 'a file that slurmctld has not read',
        with: users,
        make: `${world('root')}; ${lineOf('claw-users')}`,
        finds: 'fail',
      }),
      subject({
        id: 'slurm.group-allowed',
        title: 'no such partition',
        with: { ...users, partition: 'gpu' },
        make: healthy,
        finds: 'unknown',
      }),
      subject({
        id: 'slurm.groups-current',
        title: 'a list of users from before',
        with: alice,
        make: stale,
        finds: 'fail',
      }),
      subject({
        id: 'slurm.groups-current',
        title: 'a user who is in no group',
        with: alice,
        make: world('claw-users'),
        finds: 'pass',
      }),
      subject({
        id: 'slurm.members-listed',
        title: 'a member by both questions',
        with: { user: 'alice', group: 'claw-users' },
        make: healthy,
        finds: 'pass',
      }),
      subject({
        id: 'slurm.user-permitted',
        title: 'a member',
        with: alice,
        make: healthy,
        finds: 'pass',
      }),
      subject({
        id: 'slurm.user-permitted',
        title: 'no member',
        with: alice,
        make: world('claw-users'),
        finds: 'fail',
      }),
      subject({
        id: 'slurm.user-permitted',
        title: 'a member while the node is drained',
        with: alice,
        make: drained(healthy),
        finds: 'pass',
      }),
      subject({
        id: 'slurm.user-permitted',
        title: 'no member while the node is drained',
        with: alice,
        make: drained(world('claw-users')),
        finds: 'fail',
      }),
      subject({
        id: 'slurm.reconfigure',
        title: 'a user whom slurmctld takes while the node is drained',
        with: alice,
        make: drained(healthy),
        plans: 'settled',
      }),
      subject({
        id: 'slurm.partition-up',
        title: 'a node that runs jobs',
        with: { partition: 'claw' },
        make: healthy,
        finds: 'pass',
      }),
      subject({
        id: 'slurm.partition-up',
        title: 'a drained node',
        with: { partition: 'claw' },
        make: drained(healthy),
        finds: 'fail',
      }),
      subject({
        id: 'slurm.partition-up',
        title: 'a node that is down',
        with: { partition: 'claw' },
        make: `${healthy}; scontrol update NodeName=$(hostname -s) State=DOWN Reason=power`,
        finds: 'fail',
      }),
      subject({
        id: 'slurm.partition-up',
        title: 'a partition that takes no jobs',
        with: { partition: 'claw' },
        make: `${healthy}; scontrol update PartitionName=claw State=DRAIN`,
        finds: 'fail',
      }),
      subject({
        id: 'slurm.partition-up',
        title: 'no such partition',
        with: { partition: 'gpu' },
        make: healthy,
        finds: 'unknown',
      }),
      subject({ id: 'slurm.partition', title: 'for one group', with: { partition: 'claw' }, make: healthy }),
      subject({ id: 'slurm.partition', title: 'for nobody', with: { partition: 'gpu' }, make: healthy }),
    ],
    { connect, crashes: false },
  );

  it('no job is left going', async () => {
    expect(await host.sh('squeue -h')).toBe('');
  });
});
