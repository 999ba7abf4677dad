import { type Fact, fileFact, type RunResult, runFact } from '@claw-run/core';
import { noAnswer } from './no-answer.ts';

/** The topic of what slurmctld runs with. */
export const partitionTopic = (partition: string) => `slurm partition ${partition}`;

/** Who a running partition lets in. `groups` is `null` where it lets everybody in. */
export type Partition = { readonly groups: readonly string[] | null; readonly state: string };

/** A partition as slurmctld runs it; `null` where there is none of that name. See scontrol(1), "show partition". */
export function runningPartition(partition: string): Fact<'host', Partition | null> {
  return runFact({
    key: `partition ${partition}`,
    argv: ['scontrol', 'show', 'partition', partition, '-o'],
    about: [partitionTopic(partition)],
    timeoutSeconds: 30,
    parse: (result) => parsePartition(partition, result),
  });
}

/** The text of slurm.conf; `null` where there is no such file. */
export function slurmConf(path: string, sudo: boolean): Fact<'host', string | null> {
  return fileFact({ path, ...(sudo ? { sudo } : {}), parse: (file) => file?.content ?? null });
}

/** The groups of AllowGroups: a list with commas, `ALL` for everybody. */
export function groupsOf(value: string): readonly string[] | null {
  const names = value.replaceAll('"', '').split(',').filter(Boolean);
  return names.length === 0 || names.some((name) => name.toUpperCase() === 'ALL') ? null : names;
}

/** `groupsOf`, backwards. */
export function textOfGroups(groups: readonly string[] | null): string {
  return groups === null ? 'ALL' : groups.join(',');
}

function parsePartition(partition: string, result: RunResult): Partition | null {
  const { exit, stdout, stderr } = result;
  if (exit === 127) throw noAnswer('scontrol', result);
  if (/Partition \S+ not found|Invalid partition name/.test(stdout + stderr)) return null;
  const field = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(stdout)?.[1];
  const [name, groups, state] = [field('PartitionName'), field('AllowGroups'), field('State')];
  if (name !== partition || groups === undefined) throw noAnswer('scontrol', result);
  return { groups: groupsOf(groups), state: state ?? '?' };
}
