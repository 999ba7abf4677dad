import type { Definition } from '@claw-run/core';
import { identitiesDistinct } from './checks/identities-distinct.ts';
import { jobCompleted } from './checks/job-completed.ts';
import { workersReady } from './checks/workers-ready.ts';
import { securityPolicy } from './lookups/security-policy.ts';
import { workerConfig } from './lookups/worker-config.ts';
import { testJob } from './steps/test-job.ts';

/** Every step, check and lookup of this library. */
export const openclaw: readonly Definition[] = [
  identitiesDistinct,
  jobCompleted,
  securityPolicy,
  testJob,
  workerConfig,
  workersReady,
];

export { identitiesDistinct, jobCompleted, securityPolicy, testJob, workerConfig, workersReady };
