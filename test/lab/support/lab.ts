import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { sample } from '@claw-run/testing';
import { execa } from 'execa';

/** Debian's releases that hosts can be of, the oldest first: systemd 247, 252, 257; Slurm 20.11, 22.05, 24.11. */
export const releases = ['bullseye', 'bookworm', 'trixie'] as const;
export type Release = (typeof releases)[number];

/** A host or VM of the lab, for one test file. */
export interface LabHost {
  readonly name: string;
  /** Its address in the lab's own network: other hosts reach it there. */
  readonly ip: string;
  /** Where sshd answers on loopback. */
  readonly address: string;
  readonly port: number;
  /** The private key of root, ops, ops2, alice and bob. */
  readonly key: string;
  readonly known_hosts: string;
  /** The lab's network namespace (a file for `nsenter --net=`). */
  readonly netns: string;
  /** Ports of loopback by port of the host. */
  readonly forwards: { readonly [port: string]: number };
  /** A shell line as root (or another user); its output. Throws where it fails. */
  readonly sh: (line: string, options?: { user?: string; input?: string | Readable }) => Promise<string>;
  readonly down: () => Promise<void>;
}

export interface LabHostOptions {
  readonly ldap?: boolean;
  readonly slurm?: boolean;
  readonly firewall?: boolean;
  /** Absent: what CLAW_RUN_LAB_RELEASE says, or bookworm. VMs are always of bookworm. */
  readonly release?: Release;
  /** Brings a VM instead of a container: Mandatory access control needs a kernel of its own. */
  readonly vm?: 'selinux' | 'apparmor';
  /** Shows the Node.js that runs this at /usr/local/bin/node. Not in VMs. */
  readonly node?: boolean;
  readonly forward?: readonly number[];
  /** Seconds that sssd keeps answers, whoever logs in meanwhile. */
  readonly ldapCacheSeconds?: number;
}

/** The folder of the lab's command, or nothing. */
export function labFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const root = resolve(import.meta.dirname, '../../..');
  return [env.CLAW_RUN_TOOLS, join(root, '../shared/tools')]
    .flatMap((tools) => (tools ? [join(tools, 'lab')] : []))
    .find((folder) => existsSync(join(folder, 'lab')));
}

/** Why there can be no lab hosts here, or nothing. */
export function whyNoLab(): string | undefined {
  if (labFolder() === undefined) return 'there is no lab: set CLAW_RUN_TOOLS to the folder that has lab/lab';
  return process.getuid?.() === 0 ? undefined : 'lab hosts need root';
}

/**
 * The releases that a suite is tried on, of those that it holds on: one that the seed says, or all where everything is asked for;
 * and that of CLAW_RUN_LAB_RELEASE alone where it is set.
 * @param suite names it, so that not all suites of a run take the same
 */
export function releasesFor(suite: string, holdsOn: readonly Release[] = releases): readonly Release[] {
  const chosen = chosenRelease();
  return chosen === undefined ? sample(holdsOn, 1, { key: suite }) : [chosen];
}

function chosenRelease(): Release | undefined {
  const name = process.env.CLAW_RUN_LAB_RELEASE;
  if (!name) return undefined;
  const release = releases.find((each) => each === name);
  if (release === undefined)
    throw new Error(`CLAW_RUN_LAB_RELEASE is ${name}; there are ${releases.join(', ')}`);
  return release;
}

let count = 0;

/** Starts a host. `stem` tells whose it is; the name is made unique to this process. */
export async function upHost(stem: string, options: LabHostOptions = {}): Promise<LabHost> {
  count += 1;
  const name = `${stem}-${process.pid}-${count}`;
  const kind = options.vm === undefined ? 'host' : 'vm';
  const forward = (options.forward ?? []).flatMap((port) => ['--forward', String(port)]);
  const features = (['ldap', 'slurm', 'firewall'] as const).flatMap((one) =>
    options[one] ? [`--${one}`] : [],
  );
  const release = options.release ?? chosenRelease() ?? 'bookworm';
  const bind = options.node ? ['--bind', `${process.execPath}:/usr/local/bin/node`] : [];
  const flags =
    kind === 'vm' ? [options.vm ?? '', ...forward] : ['--release', release, ...features, ...bind, ...forward];
  const env =
    options.ldapCacheSeconds === undefined ? {} : { LAB_LDAP_CACHE: String(options.ldapCacheSeconds) };
  const stdout = await up(kind, name, { flags, env });
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Omit<LabHost, 'sh' | 'down'>;
  const shells = await sharedShells(told);
  // a login asks the directory anew, unless the last one was a moment ago (5 s by default): on a busy machine it never is
  if (options.ldapCacheSeconds !== undefined)
    await shells.sh(
      `printf '[pam]\\npam_id_timeout = ${options.ldapCacheSeconds}\\n' >>/etc/sssd/sssd.conf; systemctl restart sssd`,
    );
  return {
    ...told,
    sh: shells.sh,
    async down() {
      await shells.close();
      await lab([kind, 'down', name]);
    },
  };
}

/** A host has a minute to come up with all that it serves; on a busy machine it takes a second try at times. */
async function up(
  kind: 'host' | 'vm',
  name: string,
  { flags, env }: { readonly flags: readonly string[]; readonly env: NodeJS.ProcessEnv },
): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await lab([kind, 'up', name, ...flags], env);
    } catch (error) {
      if (tries === 3) throw error;
      console.error(
        `${name} did not come up, and is tried again: ${error instanceof Error ? error.message : error}`,
      );
      await lab([kind, 'down', name]).catch(() => undefined);
    }
  }
}

/** Two calls of the lab at a time can take each other's state for that of a machine that was switched off: one after the other. */
async function lab(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const lock = join(tmpdir(), 'claw-run-lab.lock');
  const command = join(labFolder() ?? 'no lab', 'lab');
  const { stdout } = await execa('flock', ['--close', lock, command, ...words], { env, stdin: 'ignore' });
  return stdout;
}

/** Shell lines over the OpenSSH client: root's by one connection, everybody else's by one each, since groups are those of the log-in. */
async function sharedShells(host: Pick<LabHost, 'address' | 'port' | 'key' | 'known_hosts'>) {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-lab-'));
  const shared = ['ControlMaster=auto', `ControlPath=${folder}/root`, 'ControlPersist=60'];
  const to = (user: string) => [
    ...['-F', 'none', '-i', host.key, '-p', String(host.port)],
    ...[
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      `UserKnownHostsFile=${host.known_hosts}`,
      ...(user === 'root' ? shared : []),
    ].flatMap((one) => ['-o', one]),
    `${user}@${host.address}`,
  ];
  return {
    async sh(line: string, { user = 'root', input }: Parameters<LabHost['sh']>[1] = {}): Promise<string> {
      const given = input === undefined ? ({ stdin: 'ignore' } as const) : { input };
      return (await execa('ssh', [...to(user), line], given)).stdout;
    },
    async close(): Promise<void> {
      await execa('ssh', ['-O', 'exit', ...to('root')], { stdin: 'ignore', reject: false });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
