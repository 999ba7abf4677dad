import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { installScheduler } from '../world/install.ts';
import { type HeadNodeScenario, headNodeScenarios, parseHeadNodeScenarios } from '../world/scenarios.ts';
import { createHeadNodeSecrets, type HeadNodeSecrets } from '../world/secrets.ts';
import {
  type Afterwards,
  type HeadNodeLayout,
  type HostAccount,
  type HostFile,
  headNodeWorld,
} from '../world/world.ts';
import { practiceHash, shadowEntry } from './shadow.ts';
import { shims } from './shims.ts';

export interface PracticeHeadNodeOptions {
  /** What is broken; none: nothing. Only those whose `where` is `anywhere`. */
  readonly scenarios: readonly HeadNodeScenario[];
  /** How the programs are run: the first words of their command lines. */
  readonly programs: { readonly schedulerd: readonly string[]; readonly clw: readonly string[] };
  /** Where to keep files. Absent: a private temporary folder, removed at close. */
  readonly dir?: string;
  /** Gives up starting when it aborts. */
  readonly signal?: AbortSignal;
}

/** A head node that runs as oneself, in a folder. */
export interface PracticeHeadNode {
  /** A folder that comes first on PATH: `clw`, `systemctl`, `su` and what else a head node has. */
  readonly bin: string;
  readonly dir: string;
  /** Where things are that have fixed places on a real head node, and who is refused; for a runbook's parameters. */
  readonly params: {
    readonly config: string;
    readonly log: string;
    readonly server: string;
    readonly port: number;
    readonly user: string;
    readonly group: string;
    readonly service: string;
    /** How clients call the scheduler. */
    readonly host: string;
    readonly 'client-config': string;
    /** What login shells read besides `~/.profile`. */
    readonly 'login-script': string;
    /** The job that the user means to submit, in worlds that are about one. */
    readonly job?: string;
  };
  readonly secrets: HeadNodeSecrets;
  close(): Promise<void>;
}

const run = promisify(execFile);
const users = ['alice', 'bob'] as const;

/** Starts a practice head node that is broken as the scenarios say; its symptoms show when this resolves. */
export async function startHeadNode(options: PracticeHeadNodeOptions): Promise<PracticeHeadNode> {
  const scenarios = parseHeadNodeScenarios(options.scenarios);
  const elsewhere = headNodeScenarios.find(
    ({ name, where }) => scenarios.includes(name) && where !== 'anywhere',
  );
  if (elsewhere !== undefined)
    throw new Error(
      `the scenario ${elsewhere.name} takes a host of its own (${elsewhere.where}); see test/lab`,
    );
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const dir = await makeFolder(options.dir, undo);
    const bin = join(dir, 'bin');
    const [port, proxyPort] = await freePorts();
    options.signal?.throwIfAborted();
    const server = `https://localhost:${port}`;
    const layout: HeadNodeLayout = {
      etc: join(dir, 'etc/claw-scheduler'),
      site: join(dir, 'etc/claw'),
      home: (user) => join(dir, 'home', user),
      listen: [`127.0.0.1:${port}`],
      server,
      proxyPort,
    };
    const secrets = await createHeadNodeSecrets({
      users,
      names: ['localhost', 'claw-head-01'],
      addresses: ['127.0.0.1'],
    });
    const world = await headNodeWorld({ scenarios, layout, secrets, user: 'alice', now: new Date() });
    const { files } = installScheduler({ programs: { schedulerd: '', clw: '' }, node: process.execPath });
    const units = files.filter(({ path }) => path.endsWith('.service'));
    const { programs } = options;
    const shimFiles = Object.entries(shims({ root: dir, ...programs, owner: process.pid })).map(
      ([name, content]): HostFile => ({ path: join(bin, name), mode: 0o755, content }),
    );
    const shadow = await Promise.all(
      users.map((user) =>
        shadowOf(
          user,
          world.accounts.find((each) => each.user === user),
        ),
      ),
    );
    const database = [
      ...accounts(layout, world.members),
      ['shadow', `root:*:19000:0:99999:7:::\n${shadow.join('')}`] as const,
    ].map(([name, content]) => file(join(dir, 'etc', name), content));
    await Promise.all(
      [
        ...world.files,
        ...units.map((unit) => ({ ...unit, path: join(dir, unit.path) })),
        ...shimFiles,
        ...database,
        file(join(dir, 'etc/profile'), profile),
        file(join(dir, 'etc/profile.d/umask.sh'), 'umask 022\n'),
        file(join(dir, 'run/enabled'), 'enabled\n'),
        file(join(dir, 'var/log/claw-scheduler.log'), ''),
      ].map(write),
    );
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? '/usr/bin:/bin'}` };
    const command = (name: string, ...args: readonly string[]) => run(join(bin, name), args, { env });
    undo.push(() => command('systemctl', 'stop', 'claw-scheduler'));
    await command('systemctl', 'start', 'claw-scheduler');
    if (scenarios.includes('proxy')) await startProxy(programs.schedulerd, proxyPort, { layout, undo });
    for (const event of world.afterwards) {
      options.signal?.throwIfAborted();
      await happen(event, command);
    }
    const job = ['job-invalid', 'queue-full'].some((each) => scenarios.includes(each as HeadNodeScenario))
      ? { job: join(layout.home('alice'), 'job.yaml') }
      : {};
    const params = {
      config: `${layout.etc}/config.yaml`,
      log: join(dir, 'var/log/claw-scheduler.log'),
      server,
      port,
      user: 'alice',
      group: 'claw-users',
      service: 'claw-scheduler',
      host: 'localhost',
      'client-config': join(layout.site, 'client.yaml'),
      'login-script': join(dir, 'etc/profile.d/claw-scheduler.sh'),
      ...job,
    };
    return { bin, dir, params, secrets, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What login shells read. */
const profile = `for script in "$CLAW_PRACTICE_ROOT"/etc/profile.d/*.sh; do . "$script"; done
if [ -r ~/.profile ]; then . ~/.profile; fi
`;

type Command = (name: string, ...args: readonly string[]) => Promise<unknown>;

async function happen(event: Afterwards, command: Command): Promise<void> {
  switch (event.kind) {
    case 'ask-groups':
      await command('su', '-l', event.user, '-c', 'clw groups');
      return;
    case 'join':
      await command('usermod', '-aG', event.group, event.user);
      return;
    case 'write':
      return write(event.file);
    case 'stop':
      await command('systemctl', 'stop', 'claw-scheduler');
      return;
    case 'fall':
      await command('systemctl', 'restart', 'claw-scheduler');
      return;
    case 'submit':
      await command('su', '-l', event.user, '-c', `clw submit ${event.path}`);
      return;
    case 'stop-directory-client':
      throw new Error('the practice head node has no directory');
  }
}

async function shadowOf(user: string, account: HostAccount | undefined): Promise<string> {
  const hash = account === undefined ? '*' : await practiceHash(account.password);
  const { locked = false, expires } = account ?? {};
  return shadowEntry({ user, hash: locked ? `!${hash}` : hash, ...(expires !== undefined && { expires }) });
}

/** The account files of the head node: passwd(5), group(5), gshadow(5). */
function accounts(
  layout: HeadNodeLayout,
  members: readonly string[],
): readonly (readonly [string, string])[] {
  const numbered = users.map((user, index) => ({ user, id: 1001 + index }));
  const own = numbered.map(({ user, id }) => `${user}:x:${id}:\n`);
  const passwd = numbered.map(({ user, id }) => `${user}:x:${id}:${id}::${layout.home(user)}:/bin/sh\n`);
  return [
    ['passwd', `root:x:0:0:root:/root:/bin/sh\n${passwd.join('')}`],
    ['group', `root:x:0:\n${own.join('')}claw-users:x:2000:${members.join(',')}\nclaw-admins:x:2001:\n`],
    [
      'gshadow',
      `root:*::\n${users.map((user) => `${user}:!::\n`).join('')}claw-users:!::${members.join(',')}\nclaw-admins:!::\n`,
    ],
  ];
}

async function makeFolder(wanted: string | undefined, undo: (() => Promise<unknown>)[]): Promise<string> {
  if (wanted !== undefined) {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    return realpath(wanted);
  }
  const made = await mkdtemp(join(tmpdir(), 'claw-run-head-'));
  undo.push(() => rm(made, { recursive: true, force: true }));
  return realpath(made);
}

function file(path: string, content: string): HostFile {
  return { path, mode: 0o644, content };
}

async function write({ path, mode, content }: HostFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode });
  await chmod(path, mode);
}

/** Two ports that are free now; held together, so that they are not the same. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [first = 0, second = 0] = ports;
  return [first, second];
}

/** Starts the site's proxy as a child, and waits until it says that it listens. */
async function startProxy(
  schedulerd: readonly string[],
  port: number,
  { layout, undo }: { layout: HeadNodeLayout; undo: (() => Promise<unknown>)[] },
): Promise<void> {
  const [program = '', ...words] = schedulerd;
  const args = [
    'proxy',
    '--listen',
    String(port),
    '--ca',
    `${layout.site}/ca.crt`,
    '--until-gone',
    String(process.pid),
  ];
  const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  undo.push(async () => {
    child.kill();
    await ended;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the practice proxy ended with ${code}`)));
    child.stdout.once('data', () => resolve());
  });
}
