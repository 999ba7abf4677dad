import type { HeadNode, Ran } from './scheduler.ts';

/** A shell line that writes a job file which prints its groups and where it runs. */
export const jobFile = "printf 'job:\\n  name: test-fix\\n  command: id -nG; pwd\\n' > job.yaml";

/** Submits a job as a user, and waits for its end. */
export function submitJob(head: HeadNode, user = head.user): Promise<Ran> {
  return head.as(user, `${jobFile}; clw submit job.yaml --wait`);
}
