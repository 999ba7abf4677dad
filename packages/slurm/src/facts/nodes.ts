import { type Fact, type RunResult, runFact } from '@claw-run/core';
import { noAnswer } from './no-answer.ts';

/** A node as slurmctld sees it: `state` in the long form of sinfo(1) with its flag, `reason` empty where nobody gave one. */
export type Node = { readonly name: string; readonly state: string; readonly reason: string };

/** The nodes of a partition; none where there is no such partition. */
export function nodes(partition: string): Fact<'host', readonly Node[]> {
  return runFact({
    key: `nodes of partition ${partition}`,
    argv: ['sinfo', '--noheader', '--Node', `--partition=${partition}`, '--format=%N|%T|%E'],
    timeoutSeconds: 30,
    parse: parseNodes,
  });
}

/**
 * Whether a node runs jobs of everybody, now, once those before are done, or when it is powered up. None that does not answer (`*`), is kept for
 * maintenance (`$`) or is about to boot (`@`, `^`). See sinfo(1), "NODE STATE CODES".
 */
export function runsJobs({ state }: Node): boolean {
  return /^(?:idle|mixed|allocated|completing|planned|power\w*)[~#!%+-]?$/.test(state);
}

function parseNodes(result: RunResult): readonly Node[] {
  if (result.exit !== 0) throw noAnswer('sinfo', result);
  return result.stdout.split('\n').flatMap((line) => {
    const [name = '', state = '', ...reason] = line.split('|');
    return name === '' ? [] : [{ name, state, reason: reason.join('|').replace(/^none$/, '') }];
  });
}
