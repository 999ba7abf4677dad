import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { partitionTopic } from './partition.ts';

/** What slurmctld would say to a job: `refused` for lack of a group, `other` for any other reason that has to do with who asks or what for. */
export type Permission = { readonly answer: 'permitted' | 'refused' | 'other'; readonly said: string };

/** Of a job that slurmctld takes it says a number and a time that change with each look: that is left out. */
const script =
  'said=$(sbatch --test-only "--partition=$1" --chdir=/ --wrap=true 2>&1) || { code=$?; printf "%s\\n" "$said" >&2; exit $code; }';

/** slurmctld looks at who asks before it looks for a node (slurm_errno.h: ESLURM_REQUESTED_NODE_CONFIG_UNAVAILABLE, ESLURM_NODE_NOT_AVAIL). */
const noNode = /Requested node configuration is not available|Required node not available/;

/**
 * Whether a user may use a partition, asked as that user in a fresh session. Nothing is submitted: `--test-only` (sbatch(1)) lets slurmctld check the
 * job by the list of users that it keeps for the partition's groups, which nothing else shows.
 */
export function permission(user: string, partition: string): Fact<'host', Permission> {
  return runFact({
    key: `${user} may use partition ${partition}`,
    argv: ['sh', '-c', script, 'sbatch', partition],
    as: user,
    about: [partitionTopic(partition), `account ${user}`],
    timeoutSeconds: 30,
    parse: parsePermission,
  });
}

function parsePermission({ exit, stdout, stderr }: RunResult): Permission {
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim());
  const told = lines.find((line) => /^(allocation failure|sbatch): /.test(line)) ?? lines.find(Boolean) ?? '';
  const said = told.replace(/^(?:allocation failure|sbatch(?:: error)?): /, '');
  if (exit === 0) return { answer: 'permitted', said: 'it takes the job' };
  if (noNode.test(told)) return { answer: 'permitted', said: `no node can run the job now (${said})` };
  return {
    answer: lines.some((line) => line.includes("User's group not permitted")) ? 'refused' : 'other',
    said: said || `sbatch ended with ${exit}`,
  };
}
