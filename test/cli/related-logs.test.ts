import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventsOf, makePlace, root } from './support/claw-run.ts';

/** A line of each related error, as its guide shows it or as the client prints it. */
test.each([
  ["clw-auth-failed: Login of 'alice' was rejected", 'auth-failed', { rejected_user: 'alice' }],
  [
    'clw-job-invalid: job.yaml:5:1: resources is not known beside job; is it indented?',
    'job-invalid',
    { job_file: 'job.yaml', job_line: '5', job_column: '1' },
  ],
  ["clw-queue-full: No slot in queue 'default'", 'queue-full', { full_queue: 'default' }],
  ['scheduler-unavailable: cannot reach claw-head-01:8080: ECONNREFUSED', 'scheduler-denied', {}],
  [
    '[2025-01-15 10:42:18] ERROR clw-cluster-unreachable: Connection refused on port 443',
    'cluster-unreachable',
    { refused_port: '443' },
  ],
  [
    '[2025-01-15 10:50:00] WARN clw-task-timeout: Task task_abc123 exceeded 300s timeout',
    'task-timeout',
    { task: 'task_abc123', seconds: '300' },
  ],
  ['[2025-01-15 11:00:00] ERROR clw-pod-evicted: Pod terminated due to node pressure', 'pod-evicted', {}],
  [
    '[2025-01-15 10:42:18] ERROR clw-worker-notfound: Worker wrk_8x7k2m3n not registered in cluster registry',
    'worker-notfound',
    { worker_id: 'wrk_8x7k2m3n' },
  ],
  ['[2025-01-15 10:42:18] ERROR clw-auth-invalid: Token signature verification failed', 'worker-denied', {}],
])('diagnose finds of %j one runbook alone', async (line, runbook, facts) => {
  const { run } = await makePlace();
  const { stdout } = await run(['diagnose', '-', '--runbooks', join(root, 'runbooks'), '--output', 'json'], {
    input: `${line}\n`,
  });
  const [matched] = eventsOf(stdout);
  expect(matched).toMatchObject({ type: 'runbooks.matched', matches: [{ runbook, facts }] });
  expect(matched?.matches).toHaveLength(1);
});
