import type { Definition } from '@claw-run/core';
import { clientIdentity } from './checks/client-identity.ts';
import { identitiesDistinct } from './checks/identities-distinct.ts';
import { jobCompleted } from './checks/job-completed.ts';
import { jobQueue } from './checks/job-queue.ts';
import { jobValid } from './checks/job-valid.ts';
import { logClean } from './checks/log-clean.ts';
import { loginAccepted } from './checks/login-accepted.ts';
import { namespaceOpen } from './checks/namespace-open.ts';
import { proxyBypassed } from './checks/proxy-bypassed.ts';
import { queueFree } from './checks/queue-free.ts';
import { schedulerConfigCheck } from './checks/scheduler-config.ts';
import { schedulerConfigValid } from './checks/scheduler-config-valid.ts';
import { schedulerConfined } from './checks/scheduler-confined.ts';
import { schedulerGroupsCheck } from './checks/scheduler-groups.ts';
import { schedulerHealthy } from './checks/scheduler-healthy.ts';
import { tokenAccepted } from './checks/token-accepted.ts';
import { tokenCurrent } from './checks/token-current.ts';
import { userAdmitted } from './checks/user-admitted.ts';
import { workersReady } from './checks/workers-ready.ts';
import { account } from './lookups/account.ts';
import { client } from './lookups/client.ts';
import { scheduler } from './lookups/scheduler.ts';
import { securityPolicy } from './lookups/security-policy.ts';
import { server } from './lookups/server.ts';
import { workerConfig } from './lookups/worker-config.ts';
import { awaitSlot } from './steps/await-slot.ts';
import { credential } from './steps/credential.ts';
import { flushGroups } from './steps/flush-groups.ts';
import { jobIndent } from './steps/job-indent.ts';
import { login } from './steps/login.ts';
import { submitJobs } from './steps/submit-jobs.ts';
import { testJob } from './steps/test-job.ts';

/** Every step, check and lookup of this library. */
export const openclaw: readonly Definition[] = [
  account,
  awaitSlot,
  client,
  clientIdentity,
  credential,
  flushGroups,
  identitiesDistinct,
  jobCompleted,
  jobIndent,
  jobQueue,
  jobValid,
  logClean,
  login,
  loginAccepted,
  namespaceOpen,
  proxyBypassed,
  queueFree,
  scheduler,
  schedulerConfigCheck,
  schedulerConfigValid,
  schedulerConfined,
  schedulerGroupsCheck,
  schedulerHealthy,
  securityPolicy,
  server,
  submitJobs,
  testJob,
  tokenAccepted,
  tokenCurrent,
  userAdmitted,
  workerConfig,
  workersReady,
];

export {
  account,
  awaitSlot,
  client,
  clientIdentity,
  credential,
  flushGroups,
  identitiesDistinct,
  jobCompleted,
  jobIndent,
  jobQueue,
  jobValid,
  logClean,
  login,
  loginAccepted,
  namespaceOpen,
  proxyBypassed,
  queueFree,
  scheduler,
  schedulerConfigCheck,
  schedulerConfigValid,
  schedulerConfined,
  schedulerGroupsCheck,
  schedulerHealthy,
  securityPolicy,
  server,
  submitJobs,
  testJob,
  tokenAccepted,
  tokenCurrent,
  userAdmitted,
  workerConfig,
  workersReady,
};
