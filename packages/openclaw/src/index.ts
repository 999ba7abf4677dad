import type { Definition } from '@claw-run/core';
import { clientIdentity } from './checks/client-identity.ts';
import { identitiesDistinct } from './checks/identities-distinct.ts';
import { jobCompleted } from './checks/job-completed.ts';
import { jobValid } from './checks/job-valid.ts';
import { logClean } from './checks/log-clean.ts';
import { proxyBypassed } from './checks/proxy-bypassed.ts';
import { queueFree } from './checks/queue-free.ts';
import { schedulerConfigCheck } from './checks/scheduler-config.ts';
import { schedulerConfined } from './checks/scheduler-confined.ts';
import { schedulerGroupsCheck } from './checks/scheduler-groups.ts';
import { schedulerHealthy } from './checks/scheduler-healthy.ts';
import { tokenAccepted } from './checks/token-accepted.ts';
import { tokenCurrent } from './checks/token-current.ts';
import { workersReady } from './checks/workers-ready.ts';
import { account } from './lookups/account.ts';
import { scheduler } from './lookups/scheduler.ts';
import { securityPolicy } from './lookups/security-policy.ts';
import { workerConfig } from './lookups/worker-config.ts';
import { flushGroups } from './steps/flush-groups.ts';
import { login } from './steps/login.ts';
import { submitJobs } from './steps/submit-jobs.ts';
import { testJob } from './steps/test-job.ts';

/** Every step, check and lookup of this library. */
export const openclaw: readonly Definition[] = [
  account,
  clientIdentity,
  flushGroups,
  identitiesDistinct,
  jobCompleted,
  jobValid,
  logClean,
  login,
  proxyBypassed,
  queueFree,
  scheduler,
  schedulerConfigCheck,
  schedulerConfined,
  schedulerGroupsCheck,
  schedulerHealthy,
  securityPolicy,
  submitJobs,
  testJob,
  tokenAccepted,
  tokenCurrent,
  workerConfig,
  workersReady,
];

export {
  account,
  clientIdentity,
  flushGroups,
  identitiesDistinct,
  jobCompleted,
  jobValid,
  logClean,
  login,
  proxyBypassed,
  queueFree,
  scheduler,
  schedulerConfigCheck,
  schedulerConfined,
  schedulerGroupsCheck,
  schedulerHealthy,
  securityPolicy,
  submitJobs,
  testJob,
  tokenAccepted,
  tokenCurrent,
  workerConfig,
  workersReady,
};
