/** The ways the practice head node can be broken, each with what is wrong, in one line. */
export const headNodeScenarios = [
  { name: 'healthy', where: 'anywhere', summary: 'nothing is broken: alice and bob submit jobs' },
  { name: 'group', where: 'anywhere', summary: 'alice is not in claw-users' },
  { name: 'group-ldap', where: 'directory', summary: "the directory's group lacks lalice, and sssd caches" },
  {
    name: 'group-cached',
    where: 'anywhere',
    summary: "alice is in claw-users; the scheduler's cache still says no",
  },
  {
    name: 'token-expired',
    where: 'anywhere',
    summary: "the token in alice's ~/.claw/config.yaml has expired",
  },
  { name: 'token-cached', where: 'anywhere', summary: "the token in alice's ~/.claw/config.yaml is damaged" },
  { name: 'config', where: 'anywhere', summary: 'authorized_groups is [claw-admins]' },
  {
    name: 'config-stale',
    where: 'anywhere',
    summary: 'config.yaml is right; the daemon runs with a restrictive one',
  },
  { name: 'proxy', where: 'anywhere', summary: "alice's login sets HTTP_PROXY to a proxy that answers" },
  { name: 'container', where: 'host', summary: "the site's clw runs as root in a container" },
  { name: 'service', where: 'anywhere', summary: 'the scheduler is stopped' },
  {
    name: 'service-broken',
    where: 'anywhere',
    summary: 'the scheduler has failed: config.yaml has a key that it does not know',
  },
  { name: 'job-invalid', where: 'anywhere', summary: "alice's job.yaml is indented wrongly" },
  { name: 'queue-full', where: 'anywhere', summary: 'a job of bob holds every slot of the queue default' },
  {
    name: 'account-locked',
    where: 'anywhere',
    summary: "alice's account is locked, and her token has expired",
  },
  {
    name: 'account-expired',
    where: 'anywhere',
    summary: "alice's account has expired, and her token too",
  },
  {
    name: 'password-wrong',
    where: 'anywhere',
    summary: "alice's password was changed without her, and her token has expired",
  },
  {
    name: 'directory-client',
    where: 'directory',
    summary: 'sssd is stopped: the host does not know lalice, whose token has expired',
  },
  { name: 'firewall', where: 'host', summary: 'firewalld does not let port 8080 in' },
  {
    name: 'ipv6',
    where: 'host',
    summary: "the scheduler's name is an IPv6 address, and the scheduler listens on IPv4 alone",
  },
  { name: 'selinux-port', where: 'selinux', summary: 'SELinux does not let the scheduler bind port 8080' },
  {
    name: 'selinux-label',
    where: 'selinux',
    summary: 'config.yaml bears a label that the scheduler may not read',
  },
  {
    name: 'apparmor',
    where: 'apparmor',
    summary: "the scheduler's profile does not let it read its configuration",
  },
] as const satisfies readonly {
  readonly name: string;
  /** What it takes: any machine without root, a host with systemd, or more than that. */
  readonly where: 'anywhere' | 'host' | 'directory' | 'selinux' | 'apparmor';
  readonly summary: string;
}[];

export type HeadNodeScenario = (typeof headNodeScenarios)[number]['name'];

/** Pairs of which one undoes what the other breaks. */
const contradictions: readonly (readonly [HeadNodeScenario, HeadNodeScenario])[] = [
  ['group', 'group-cached'],
  ['token-expired', 'token-cached'],
  ['config', 'config-stale'],
  ['service', 'group-cached'],
  ['service', 'config-stale'],
  // who asks has to get through
  ['ipv6', 'group-cached'],
  ['ipv6', 'queue-full'],
  ...(['service', 'group-cached', 'config', 'config-stale'] as const).map(
    (other) => ['service-broken', other] as const,
  ),
  // the slots are held by a job, which takes a scheduler that lets bob in
  ...(['service', 'service-broken', 'config', 'config-stale', 'container'] as const).map(
    (other) => ['queue-full', other] as const,
  ),
  ['account-locked', 'token-cached'],
  ['account-expired', 'token-cached'],
  ['password-wrong', 'token-cached'],
];

/** The names as scenarios. Throws an Error for an unknown name, and for two that contradict each other. */
export function parseHeadNodeScenarios(names: readonly string[]): readonly HeadNodeScenario[] {
  const known: readonly string[] = headNodeScenarios.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`unknown scenario ${unknown.join(', ')}; the known ones are ${known.join(', ')}`);
  const clash = contradictions.find((pair) => pair.every((name) => names.includes(name)));
  if (clash !== undefined) throw new Error(`the scenarios ${clash.join(' and ')} contradict each other`);
  return names as readonly HeadNodeScenario[];
}
