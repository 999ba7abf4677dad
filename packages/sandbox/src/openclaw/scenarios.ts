/** The ways the practice cluster can be broken, each with the runbook that mends it and with what is wrong, in one line. */
export const scenarios = [
  { name: 'healthy', summary: 'nothing is broken: three READY workers' },
  {
    name: 'rbac',
    runbook: 'worker-denied',
    summary: "workers run as ServiceAccount 'default'; account, role and binding do not exist",
  },
  {
    name: 'identity',
    runbook: 'worker-denied',
    summary: "identity_pattern is not set: identities are 'wrk_…', which the policy refuses",
  },
  { name: 'invalid-regex', runbook: 'worker-denied', summary: 'WORKER_IDENTITY_PATTERN does not compile' },
  {
    name: 'namespace',
    runbook: 'worker-denied',
    summary: "workers say they are in 'staging' while their pods run elsewhere",
  },
  { name: 'token-expired', runbook: 'worker-denied', summary: "the workers' token has expired" },
  {
    name: 'ca-rotated',
    runbook: 'worker-denied',
    summary: "the cluster's CA was rotated; the workers still use the old one",
  },
  { name: 'duplicate-identity', runbook: 'worker-denied', summary: 'all workers share one static identity' },
  {
    name: 'policy-changed',
    runbook: 'worker-denied',
    summary: 'the security policy wants longer identities than the workers have',
  },
  {
    name: 'endpoint-wrong',
    runbook: 'cluster-unreachable',
    summary: "the workers' cluster.endpoint has a port that the cluster does not serve",
  },
  {
    name: 'network-policy',
    runbook: 'cluster-unreachable',
    summary: "a NetworkPolicy lets the workers' namespace reach nothing but DNS",
  },
  {
    name: 'no-endpoints',
    runbook: 'cluster-unreachable',
    summary: "the selector of the cluster's Service fits no pod",
  },
  {
    name: 'blocked',
    runbook: 'cluster-unreachable',
    summary: "the security policy refuses connections of the workers' namespace, for now",
  },
  {
    name: 'quota-used',
    runbook: 'task-timeout',
    summary: 'workers are READY; the quota of tasks of their namespace is used up, and jobs time out',
  },
] as const satisfies readonly { name: string; runbook?: string; summary: string }[];

export type Scenario = (typeof scenarios)[number]['name'];

/** The scenarios that a runbook of ours mends. */
export function scenariosOf(runbook: string): readonly Scenario[] {
  return scenarios.flatMap((each) => ('runbook' in each && each.runbook === runbook ? [each.name] : []));
}

/** The names as scenarios; throws an Error that lists the known ones when a name is not among them. */
export function parseScenarios(names: readonly string[]): readonly Scenario[] {
  const known: readonly string[] = scenarios.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`unknown scenario ${unknown.join(', ')}; the known ones are ${known.join(', ')}`);
  }
  return names as readonly Scenario[];
}
