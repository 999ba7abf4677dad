import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Afterwards,
  createHeadNodeSecrets,
  type HeadNodeLayout,
  type HeadNodeScenario,
  type HeadNodeSecrets,
  type HeadNodeWorldOptions,
  type HostAccount,
  type HostFile,
  headNodeWorld,
  installClient,
  installScheduler,
  parseHeadNodeScenarios,
  siteFiles,
  userFiles,
} from '@claw-run/sandbox';
import { bundlePrograms } from './host-programs.ts';
import type { LabHost } from './lab.ts';
import { bringNode } from './node-in-vm.ts';

/** A head node at work on a lab host. */
export interface HeadNode {
  readonly host: LabHost;
  readonly secrets: HeadNodeSecrets;
  /** Who is broken: alice, or lalice where there is a directory. */
  readonly user: string;
  /** `https://claw-head-01:8080` */
  readonly server: string;
  /** Runs a shell line in a fresh login session of a user. */
  readonly as: (user: string, line: string) => Promise<Ran>;
  /** Makes another host a client of this one: the CLI, the site's settings, the users' logins, a proxy. `apply` breaks it too. */
  readonly addClient: (client: LabHost) => Promise<void>;
  /** Breaks the healthy world, or mends it again (`[]`): everything is as after a new installation. */
  readonly apply: (scenarios: readonly HeadNodeScenario[]) => Promise<void>;
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HeadNodeOptions {
  readonly scenarios?: readonly HeadNodeScenario[];
  /** What kind of lab host it is. */
  readonly kind?: 'host' | 'ldap' | 'selinux' | 'apparmor';
  /** firewalld runs. */
  readonly firewall?: boolean;
}

const PROXY_PORT = 3128;
const NAME = 'claw-head-01';

/**
 * Installs the scheduler on a lab host and breaks it as the scenarios say. Containers must be up with `node: true`; a VM
 * is given Node.js. It has its symptoms when this resolves.
 */
export async function setUpHeadNode(host: LabHost, options: HeadNodeOptions = {}): Promise<HeadNode> {
  const { kind = 'host', firewall = false } = options;
  const user = kind === 'ldap' ? 'lalice' : 'alice';
  const users = kind === 'ldap' ? ['lalice', 'alice', 'bob'] : ['alice', 'bob'];
  const secrets = await createHeadNodeSecrets({
    users,
    names: [NAME, 'localhost', host.name],
    addresses: ['127.0.0.1', '::1', host.ip],
  });
  const server = `https://${NAME}:8080`;
  const layout: HeadNodeLayout = {
    etc: '/etc/claw-scheduler',
    site: '/etc/claw',
    home: (name) => `/home/${name}`,
    listen: ['0.0.0.0:8080', '[::]:8080'],
    server,
    proxyPort: PROXY_PORT,
  };
  const node = '/usr/local/bin/node';
  const inVm = kind === 'selinux' || kind === 'apparmor';
  if (inVm) await bringNode(host, node);
  const programs = await bundlePrograms();
  const install = installScheduler({ programs, node, proxyPort: PROXY_PORT });
  if (kind === 'selinux') await installPolicy(host);
  await run(host, [...install.files.map(writeCommand), ...relabel(kind), 'systemctl daemon-reload']);

  const clients: LabHost[] = [];
  const homesGone = users.map(
    (each) => `cd ${layout.home(each)} && rm -rf .claw .profile job.yaml long.yaml release`,
  );
  const applyToClient = async (client: LabHost, options: HeadNodeWorldOptions) => {
    const homes = await Promise.all(users.map((each) => userFiles(each, options)));
    await run(client, [...homesGone, ...[...siteFiles(options), ...homes.flat()].map(writeCommand)]);
  };

  const apply = async (names: readonly HeadNodeScenario[]) => {
    const scenarios = parseHeadNodeScenarios(names);
    const now = new Date(`${(await host.sh('date -u +%FT%TZ')).trim()}`);
    const options = { scenarios, layout, secrets, user, now };
    const world = await headNodeWorld(options);
    const broken = (scenario: HeadNodeScenario) => scenarios.includes(scenario);
    await run(host, [
      'systemctl stop claw-scheduler; systemctl reset-failed claw-scheduler 2>/dev/null || true',
      'rm -rf /var/spool/claw-scheduler /var/log/claw-scheduler.log*',
      ...homesGone,
      knownAs(world.family === 'ipv6' ? '::1' : '127.0.0.1'),
      ...world.files.map(writeCommand),
      ...localMembers(world.members, users),
      ...(kind === 'ldap' ? ['systemctl start sssd'] : []),
      ...accountCommands(world.accounts, users),
      ...(kind === 'ldap' ? directoryMember(!broken('group-ldap')) : []),
      ...(firewall ? firewallPort(!broken('firewall')) : []),
      ...relabel(kind),
      ...(kind === 'selinux' ? selinux(broken) : []),
      ...(kind === 'apparmor' ? await apparmor(broken) : []),
      ...install.commands.map((command) => command.join(' ')),
      'systemctl start claw-scheduler',
      settled,
      ...world.afterwards.map(afterwardsCommand),
    ]);
    const known = knownAs(world.family === 'ipv6' ? ipv6Of(host) : host.ip);
    for (const client of clients) {
      await run(client, [known]);
      await applyToClient(client, options);
    }
  };
  await apply(options.scenarios ?? []);

  return {
    host,
    secrets,
    user,
    server,
    apply,
    as: (name, line) => runAs(host, name, line),
    async addClient(client) {
      const proxy = install.files.filter(({ path }) => /claw-schedulerd$|claw-proxy\.service$/.test(path));
      const files = [...installClient({ programs, node }), ...proxy];
      for (const each of [host, client])
        await run(each, [`ip -6 addr replace ${ipv6Of(each)}/64 dev eth0 nodad`]);
      await run(client, [knownAs(host.ip), ...files.map(writeCommand)]);
      await applyToClient(client, { scenarios: [], layout, secrets, user, now: new Date() });
      await run(client, ['systemctl daemon-reload', 'systemctl restart claw-proxy']);
      clients.push(client);
    },
  };
}

/** The address that a host has for the scheduler's name; in place, since the file may be a mount. */
function knownAs(address: string): string {
  return `{ grep -v ' ${NAME}$' /etc/hosts; echo '${address} ${NAME}'; } > /run/hosts.new; cat /run/hosts.new > /etc/hosts; rm /run/hosts.new`;
}

/** An IPv6 address for a lab host that is a client or has clients. */
export function ipv6Of({ ip }: LabHost): string {
  return `2001:db8:77::${ip.split('.').at(-1)}`;
}

/** The scheduler listens, or has said why it cannot. */
const settled = `for i in $(seq 300); do
  if grep -qsE '^\\[INFO\\] Listening on .*:8080' /var/log/claw-scheduler.log; then break; fi
  if ! systemctl is-active -q claw-scheduler; then break; fi
  sleep 0.1
done
if systemctl is-active -q claw-scheduler; then grep -qs '^\\[INFO\\] Listening' /var/log/claw-scheduler.log; fi`;

function afterwardsCommand(event: Afterwards): string {
  switch (event.kind) {
    case 'ask-groups':
      // whose account may have expired
      return `runuser -l ${event.user} -c 'clw groups' >/dev/null`;
    case 'join':
      return `usermod -aG ${event.group} ${event.user}`;
    case 'write':
      return writeCommand(event.file);
    case 'stop':
      return 'systemctl stop claw-scheduler';
    case 'fall':
      return 'systemctl restart claw-scheduler || true; while systemctl is-active -q claw-scheduler; do sleep 0.1; done';
    case 'submit':
      return `su - ${event.user} -c 'clw submit ${event.path}' >/dev/null`;
    case 'stop-directory-client':
      // what sssd keeps in memory would go on answering for it
      return 'sss_cache -E; systemctl stop sssd; rm -f /var/lib/sss/mc/*';
  }
}

function localMembers(members: readonly string[], users: readonly string[]): readonly string[] {
  return users
    .filter((each) => each !== 'lalice')
    .map((each) =>
      members.includes(each)
        ? `usermod -aG claw-users ${each}`
        : `gpasswd -d ${each} claw-users >/dev/null 2>&1 || true`,
    );
}

/** The local accounts as they should be; unlocked, without an end and with nothing to log in with where none are given. */
function accountCommands(accounts: readonly HostAccount[], users: readonly string[]): readonly string[] {
  return users
    .filter((each) => each !== 'lalice')
    .flatMap((each) => {
      const account = accounts.find(({ user }) => user === each);
      const password = account === undefined ? `${each}:*` : `${each}:${account.password}`;
      return [
        `chpasswd ${account === undefined ? '-e' : ''} <<'ENTRY'\n${password}\nENTRY`,
        `chage -E ${account?.expires ?? '-1'} ${each}`,
        ...(account?.locked === true ? [`usermod -L ${each}`] : []),
      ];
    });
}

function directoryMember(isMember: boolean): readonly string[] {
  const change = isMember ? 'add' : 'delete';
  return [
    `ldapmodify -x -c -H ldap://127.0.0.1 -D cn=admin,dc=claw,dc=test -y /root/ldap.password >/dev/null 2>&1 <<'LDIF' || true
dn: cn=claw-ldap,ou=groups,dc=claw,dc=test
changetype: modify
${change}: memberUid
memberUid: lalice
LDIF`,
    'sss_cache -E; id lalice >/dev/null',
  ];
}

function firewallPort(isOpen: boolean): readonly string[] {
  const change = isOpen ? 'add' : 'remove';
  return ['', '--permanent '].map(
    (where) => `firewall-cmd -q ${where}--zone=public --${change}-port=8080/tcp`,
  );
}

function relabel(kind: string): readonly string[] {
  const paths =
    '/usr/sbin/claw-schedulerd /usr/bin/clw /etc/claw /etc/claw-scheduler /etc/systemd/system /home';
  return kind === 'selinux' ? [`for path in ${paths}; do [ ! -e $path ] || restorecon -RF $path; done`] : [];
}

function selinux(broken: (scenario: HeadNodeScenario) => boolean): readonly string[] {
  const labelled = 'semanage port -l -C | grep -Eq "claw_scheduler_port_t .*\\b8080\\b"';
  return [
    broken('selinux-port')
      ? `if ${labelled}; then semanage port -d -t claw_scheduler_port_t -p tcp 8080; fi`
      : `${labelled} || semanage port -m -t claw_scheduler_port_t -p tcp 8080`,
    ...(broken('selinux-label') ? ['chcon -t user_home_t /etc/claw-scheduler/config.yaml'] : []),
  ];
}

const sources = join(import.meta.dirname, '../../../packages/sandbox/src/scheduler');

async function apparmor(broken: (scenario: HeadNodeScenario) => boolean): Promise<readonly string[]> {
  const profile = await readFile(join(sources, 'apparmor/usr.sbin.claw-schedulerd'), 'utf8');
  const narrow = profile.replace(/^.*\/etc\/claw-scheduler\/\*\* r,\n/m, '');
  if (narrow === profile) throw new Error('the AppArmor profile has no rule for the configuration');
  const path = '/etc/apparmor.d/usr.sbin.claw-schedulerd';
  return [
    'rm -f /etc/apparmor.d/local/usr.sbin.claw-schedulerd',
    writeCommand({ path, mode: 0o644, content: broken('apparmor') ? narrow : profile }),
    `apparmor_parser -r ${path}`,
  ];
}

/** Compiles the scheduler's SELinux policy on the host and loads it with its port, in one transaction: each takes long. */
async function installPolicy(host: LabHost): Promise<void> {
  const files = await Promise.all(
    ['te', 'fc'].map(async (kind) => ({
      path: `/root/claw-policy/claw_scheduler.${kind}`,
      mode: 0o644,
      content: await readFile(join(sources, `selinux/claw_scheduler.${kind}`), 'utf8'),
    })),
  );
  await run(host, [
    ...files.map(writeCommand),
    'cd /root/claw-policy && make -s -f /usr/share/selinux/devel/Makefile claw_scheduler.pp >&2',
    `semanage import <<'ALL'
module -a /root/claw-policy/claw_scheduler.pp
port -m -t claw_scheduler_port_t -p tcp 8080
ALL`,
  ]);
}

async function runAs(host: LabHost, user: string, line: string): Promise<Ran> {
  const marker = 'exit-status:';
  const quoted = `'${line.replaceAll("'", `'\\''`)}'`;
  const script = `err=$(mktemp); su - ${user} -c ${quoted} 2>"$err" </dev/null; echo "${marker}$?"; cat "$err"; rm -f "$err"`;
  const text = await host.sh('bash -s', { input: script });
  const at = text.lastIndexOf(marker);
  const [status = '', ...rest] = text.slice(at + marker.length).split('\n');
  return { exitCode: Number(status), stdout: text.slice(0, at).trimEnd(), stderr: rest.join('\n').trimEnd() };
}

/** Runs shell commands as root, one after the other, in one channel; the first that fails ends it. */
async function run(host: LabHost, commands: readonly string[]): Promise<void> {
  await host.sh('bash -s', {
    input: ['set -eE', `trap 'echo "failed: $BASH_COMMAND" | head -c 2000 >&2' ERR`, ...commands, ''].join(
      '\n',
    ),
  });
}

function writeCommand({ path, mode, owner, content }: HostFile): string {
  const who = owner === undefined ? '' : `-o ${owner} -g "$(id -gn ${owner})" `;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const made =
    owner !== undefined && folder.includes('/.') ? `install -d -m 700 ${who}${folder}` : `mkdir -p ${folder}`;
  const text = Buffer.from(content).toString('base64');
  return `${made}; base64 -d <<'B64' | install -m ${mode.toString(8)} ${who}/dev/stdin ${path}\n${text}\nB64`;
}
