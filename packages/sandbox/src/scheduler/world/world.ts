import { stringify } from 'yaml';
import { signToken } from '../daemon/tokens.ts';
import type { HeadNodeScenario } from './scenarios.ts';
import type { HeadNodeSecrets } from './secrets.ts';

/** A file of a head node as it should be. */
export interface HostFile {
  readonly path: string;
  readonly mode: number;
  /** A user; absent: root, or whoever writes it. */
  readonly owner?: string;
  readonly content: string;
}

/** Where things are on a head node. */
export interface HeadNodeLayout {
  /** `/etc/claw-scheduler` */
  readonly etc: string;
  /** `/etc/claw` */
  readonly site: string;
  readonly home: (user: string) => string;
  /** Addresses, as `0.0.0.0:8080`. */
  readonly listen: readonly string[];
  /** The URL that clients use. */
  readonly server: string;
  /** The port of the site's proxy on loopback. */
  readonly proxyPort: number;
}

export interface HeadNodeWorldOptions {
  readonly scenarios: readonly HeadNodeScenario[];
  readonly layout: HeadNodeLayout;
  readonly secrets: HeadNodeSecrets;
  /** Who is broken: `alice`; on a host with a directory `lalice`. */
  readonly user: string;
  readonly now: Date;
}

/** Something that happens once the scheduler listens. */
export type Afterwards =
  | { readonly kind: 'ask-groups'; readonly user: string }
  | { readonly kind: 'join'; readonly user: string; readonly group: string }
  | { readonly kind: 'write'; readonly file: HostFile }
  | { readonly kind: 'stop' }
  /** A restart that the scheduler does not survive. */
  | { readonly kind: 'fall' }
  | { readonly kind: 'submit'; readonly user: string; readonly path: string }
  | { readonly kind: 'stop-directory-client' };

/** An account of the host, as logins are checked against where `auth.login` is `host`. */
export interface HostAccount {
  readonly user: string;
  readonly password: string;
  readonly locked: boolean;
  /** `YYYY-MM-DD`; absent: never. */
  readonly expires?: string;
}

/** A head node, broken as scenarios say: how it is when the scheduler starts, and what happens after. */
export interface HeadNodeWorld {
  readonly files: readonly HostFile[];
  /** Members of `claw-users`, before the scheduler starts. */
  readonly members: readonly string[];
  readonly afterwards: readonly Afterwards[];
  /** The family of the address that clients have for its name. */
  readonly family: 'ipv4' | 'ipv6';
  /** The local accounts, where logins are checked against them. */
  readonly accounts: readonly HostAccount[];
}

/** Those by which a login is rejected. */
const rejecting: readonly HeadNodeScenario[] = [
  'account-locked',
  'account-expired',
  'password-wrong',
  'directory-client',
];

const GROUP = 'claw-users';
const DIRECTORY_GROUP = 'claw-ldap';

/** The world of a head node whose users are those that have a password. Each scenario touches things of its own. */
export async function headNodeWorld(options: HeadNodeWorldOptions): Promise<HeadNodeWorld> {
  const { scenarios, layout, secrets, user } = options;
  const broken = (scenario: HeadNodeScenario) => scenarios.includes(scenario);
  const users = Object.keys(secrets.passwords);
  const inDirectory = user === 'lalice';
  const locals = users.filter((each) => each !== 'lalice');
  const outside = broken('group') || broken('group-cached');
  const good: HostFile = {
    path: `${layout.etc}/config.yaml`,
    mode: 0o644,
    content: configText(options, false),
  };
  const narrow: HostFile = { ...good, content: configText(options, true) };
  const hashes = Object.fromEntries(users.map((each) => [each, secrets.passwords[each]?.hash ?? '']));
  const ofUsers = await clientFiles(users, options);
  const asksFirst = broken('group-cached') && !inDirectory;
  const afterwards: readonly Afterwards[] = [
    ...(asksFirst
      ? [
          { kind: 'ask-groups', user } as const,
          { kind: 'join', user, group: GROUP } as const,
          ...ofUsers.map((file) => ({ kind: 'write', file }) as const),
        ]
      : []),
    ...(broken('config-stale') ? [{ kind: 'write', file: good } as const] : []),
    ...(broken('service') ? [{ kind: 'stop' } as const] : []),
    ...(broken('service-broken')
      ? [
          { kind: 'write', file: { ...good, content: misspelt(good.content) } } as const,
          { kind: 'fall' } as const,
        ]
      : []),
    ...(broken('queue-full')
      ? [{ kind: 'submit', user: 'bob', path: `${layout.home('bob')}/long.yaml` } as const]
      : []),
    ...(broken('directory-client') ? [{ kind: 'stop-directory-client' } as const] : []),
  ];
  return {
    files: [
      broken('config') || broken('config-stale') ? narrow : good,
      { path: `${layout.etc}/jwt.key`, mode: 0o600, content: `${secrets.jwtKey}\n` },
      { path: `${layout.etc}/admin.token`, mode: 0o600, content: `${secrets.adminToken}\n` },
      { path: `${layout.etc}/users.yaml`, mode: 0o600, content: stringify(hashes) },
      { path: `${layout.etc}/tls/server.crt`, mode: 0o644, content: secrets.tls.certificate },
      { path: `${layout.etc}/tls/server.key`, mode: 0o600, content: secrets.tls.key },
      { path: `${layout.etc}/tls/ca.crt`, mode: 0o644, content: secrets.tls.ca },
      // a question gets through from a client that is not broken yet
      ...(asksFirst ? await clientFiles(users, { ...options, scenarios: [] }) : ofUsers),
    ],
    members: locals.filter((each) => !(each === user && outside)),
    afterwards,
    family: broken('ipv6') ? 'ipv6' : 'ipv4',
    accounts: rejecting.some(broken) ? locals.map((each) => hostAccount(each, options)) : [],
  };
}

async function clientFiles(
  users: readonly string[],
  options: HeadNodeWorldOptions,
): Promise<readonly HostFile[]> {
  const ofUsers = await Promise.all(users.map((each) => userFiles(each, options)));
  return [...siteFiles(options), ...ofUsers.flat()];
}

function hostAccount(each: string, { scenarios, secrets, user }: HeadNodeWorldOptions): HostAccount {
  const isBroken = (scenario: HeadNodeScenario) => each === user && scenarios.includes(scenario);
  const { password = '' } = secrets.passwords[each] ?? {};
  return {
    user: each,
    // what the user keeps for logins is the former one
    password: isBroken('password-wrong') ? [...password].reverse().join('') : password,
    locked: isBroken('account-locked'),
    ...(isBroken('account-expired') && { expires: '2020-01-01' }),
  };
}

/** What a host needs to be a client: the site's settings and the CA. */
export function siteFiles({ scenarios, layout, secrets }: HeadNodeWorldOptions): readonly HostFile[] {
  const settings = {
    server: layout.server,
    ca: `${layout.site}/ca.crt`,
    ...(scenarios.includes('container') && { container: { user: 'root' } }),
  };
  return [
    { path: `${layout.site}/ca.crt`, mode: 0o644, content: secrets.tls.ca },
    { path: `${layout.site}/client.yaml`, mode: 0o644, content: stringify(settings) },
  ];
}

/** What a user has at home: a login, the password for the next, and what the login shell sets. */
export async function userFiles(user: string, options: HeadNodeWorldOptions): Promise<readonly HostFile[]> {
  const { scenarios, layout, secrets, now } = options;
  const isBroken = (scenario: HeadNodeScenario) => user === options.user && scenarios.includes(scenario);
  const home = layout.home(user);
  const hour = 3_600_000;
  const isExpired = isBroken('token-expired') || rejecting.some(isBroken);
  const issuedAt = new Date(now.getTime() - (isExpired ? 30 * hour : 0));
  const expiresAt = new Date(issuedAt.getTime() + 24 * hour);
  const groups = [user === 'lalice' ? DIRECTORY_GROUP : GROUP];
  const key = new TextEncoder().encode(secrets.jwtKey);
  const signed = await signToken(key, { user, groups, issuedAt, expiresAt });
  const config = {
    server: layout.server,
    username: user,
    token: isBroken('token-cached') ? damaged(signed) : signed,
    expires_at: expiresAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    ca: `${layout.site}/ca.crt`,
  };
  const own = (name: string, content: string, mode = 0o600): HostFile => ({
    path: `${home}/${name}`,
    mode,
    owner: user,
    content,
  });
  const proxy = `http://127.0.0.1:${layout.proxyPort}`;
  return [
    own('.claw/config.yaml', stringify(config)),
    own('.claw/credentials', `${secrets.passwords[user]?.password ?? ''}\n`),
    ...(isBroken('proxy') ? [own('.profile', `export HTTP_PROXY=${proxy}\n`, 0o644)] : []),
    ...(isBroken('job-invalid') ? [own('job.yaml', outdented, 0o644)] : []),
    ...(isBroken('queue-full') && !isBroken('job-invalid') ? [own('job.yaml', goodJob, 0o644)] : []),
    ...(user === 'bob' && scenarios.includes('queue-full') ? [own('long.yaml', longJob(home), 0o644)] : []),
  ];
}

const goodJob = `job:
  name: test-fix
  command: echo "Hello OpenClaw"
  resources:
    cpu: 1
    mem: 1G
`;

/** `resources` has slipped out of `job`. */
const outdented = `job:
  name: test-fix
  # says hello
  command: echo "Hello OpenClaw"
resources:
  cpu: 1
  mem: 1G
`;

/** Takes every slot of the small queue until `release` is in the home. */
const longJob = (home: string) => `job:
  name: long
  command: while [ ! -e '${home}/release' ]; do sleep 0.2; done
  resources: { cpu: 4, mem: 1G }
`;

/** A key that the scheduler does not know. */
function misspelt(config: string): string {
  return config.replace('group_cache:', 'group_cashe:');
}

function configText({ layout, scenarios, user }: HeadNodeWorldOptions, isNarrow: boolean): string {
  const inDirectory = user === 'lalice';
  const groups = isNarrow ? [] : [...(inDirectory ? [DIRECTORY_GROUP] : []), GROUP];
  const queues = scenarios.includes('queue-full')
    ? [
        '{ name: default, slots: 4 }',
        '{ name: batch, slots: 8 }',
        '{ name: express, slots: 2, groups: [claw-admins] }',
      ]
    : ['{ name: default, slots: 64 }'];
  const cache = scenarios.includes('group-cached') ? '1h' : '60s';
  const listen = layout.listen.filter((one) => !(scenarios.includes('ipv6') && one.startsWith('[')));
  return `# The scheduler reads this when it starts.
server:
  host: claw-head-01
  listen: ${JSON.stringify(listen)}
  tls: { cert: ${layout.etc}/tls/server.crt, key: ${layout.etc}/tls/server.key }
auth:
  mode: ${inDirectory ? 'ldap' : 'groups'}
${rejecting.some((each) => scenarios.includes(each)) ? '  login: host\n' : ''}  authorized_groups:
${[...groups, 'claw-admins'].map((each) => `    - ${each}`).join('\n')}
  admin_groups: [claw-admins]
  token_lifetime: 24h
  group_cache: ${cache}
  check_client: true
queues:
${queues.map((each) => `  - ${each}\n`).join('')}`;
}

/** A token whose signature is not that of its payload any more. */
function damaged(token: string): string {
  const [head = '', payload = '', signature = ''] = token.split('.');
  return `${head}.${payload}.${[...signature].reverse().join('')}`;
}
