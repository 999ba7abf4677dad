/** What works as other users of a host: held to the laws where there are such users, on a host of the lab. */
export const inLab: readonly string[] = [
  'openclaw.account',
  'openclaw.client-identity',
  'openclaw.flush-groups',
  'openclaw.job-valid',
  'openclaw.log-clean',
  'openclaw.login',
  'openclaw.proxy-bypassed',
  'openclaw.queue-free',
  'openclaw.scheduler',
  'openclaw.scheduler-config',
  'openclaw.scheduler-confined',
  'openclaw.scheduler-groups',
  'openclaw.scheduler-healthy',
  'openclaw.submit-jobs',
  'openclaw.token-accepted',
  'openclaw.token-current',
];
