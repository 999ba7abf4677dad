import { type Fact, type RunResult, runFact } from '@claw-run/core';

/** A job that claw-run submitted. `reason` is why it waits, as Slurm has it. */
export type Job = { readonly id: string; readonly state: string; readonly reason: string };

/** The name of every job that claw-run submits begins so. */
export const jobPrefix = 'claw-run-';

/** Jobs of a user that claw-run submitted, by name; slurmctld remembers ended ones for MinJobAge (300 s by default). See squeue(1). */
export function testJobs(user: string): Fact<'host', { readonly [name: string]: Job }> {
  return runFact({
    key: `test jobs of ${user}`,
    argv: ['squeue', '--noheader', '--states=all', `--user=${user}`, '--format=%j|%i|%T|%r'],
    timeoutSeconds: 30,
    parse: parseJobs,
  });
}

function parseJobs({ exit, stdout, stderr }: RunResult): { readonly [name: string]: Job } {
  if (exit !== 0) throw new Error(stderr.trim().split('\n')[0] || `squeue ended with ${exit}`);
  return Object.fromEntries(
    stdout.split('\n').flatMap((line) => {
      const [name = '', id = '', state = '', reason = ''] = line.split('|');
      return name.startsWith(jobPrefix) ? [[name, { id, state, reason }]] : [];
    }),
  );
}
