import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Argv, ClawError, type Connection } from '@claw-run/core';
import { childEnv } from '../host/child-env.ts';
import { connectHost, type HostSettings } from '../host/connect-host.ts';
import { type ProgramEnd, processChannel } from '../host/process-channel.ts';
import { quoted } from '../host/quote.ts';
import { type ChannelEnd, defaultShell, type Shell } from '../host/shell.ts';
import { type Destination, parseDestination } from '../ssh/destination.ts';
import { unclearRevocation } from '../ssh/host-key.ts';
import { lookUpHost, usualGlobal } from '../ssh/known-hosts.ts';
import { clientConfig, forced } from './client-config.ts';
import { clientError } from './client-error.ts';

export interface OpenSshOptions extends HostSettings {
  /** `ssh://user@host:port`, `user@host` or an alias of ssh_config. */
  readonly destination: string;
  /** How the host is called in messages; the destination unless given. */
  readonly name?: string | undefined;
  /** The environment of the client: the agent's socket, the Kerberos ticket. */
  readonly env: NodeJS.ProcessEnv;
  /** Read in place of the user's and the system's ssh_config. */
  readonly configFiles?: readonly string[] | undefined;
  readonly knownHosts?: readonly string[] | undefined;
  readonly identityFiles?: readonly string[] | undefined;
  readonly connectSeconds?: number | undefined;
  /** A silent connection is probed this often, and given up after three probes without an answer; 15 s. */
  readonly aliveSeconds?: number | undefined;
  /** Further settings in the words of ssh_config: `ProxyJump=gate`. */
  readonly options?: readonly string[] | undefined;
  /** The client, `ssh` unless given. */
  readonly client?: string | undefined;
  /** The shell on the host, `sh` unless given. */
  readonly sh?: Argv | undefined;
}

/**
 * A host over the system's own OpenSSH client, for what the built-in SSH lacks: Kerberos, FIDO keys, certificates, PKCS#11. All channels share one connection. The
 * client is never asked a question that it could wait for.
 */
export function connectOpenSsh(options: OpenSshOptions): Connection<'host'> {
  const { destination, name = destination } = options;
  return connectHost({ ...options, name, shell: openSshShell(options, name, parseDestination(destination)) });
}

/** How long the shared connection stays when nobody ended it: a process that was killed cannot. */
const persistSeconds = 60;
/** How long the shared connection may take to hear that it is to end. */
const farewellMs = 500;

function openSshShell(options: OpenSshOptions, label: string, to: Destination): Shell {
  const { client = 'ssh', sh = defaultShell } = options;
  const env = { ...childEnv(options.env, { ssh: true }), LC_ALL: 'C' };
  const open = new Set<() => void>();
  let folder: Promise<string> | undefined;
  return {
    async open({ signal }) {
      signal.throwIfAborted();
      const unclear = checkRevocations(options, { label, to });
      if (unclear !== undefined) throw unclear;
      folder ??= privateFolder(options.configFiles);
      const args = clientArgs(options, to, await folder);
      const channel = await processChannel(
        [client, ...args, remoteCommand(sh)],
        env,
        (end) => endOf(label, client, end),
        // a ProxyCommand that hangs does not end with the client
        { asGroup: true },
      );
      open.add(channel.kill);
      void channel.closed.then(() => open.delete(channel.kill));
      return { ...channel, holdsBack: true };
    },
    async close() {
      const made = await folder?.catch(() => undefined);
      folder = undefined;
      for (const kill of open) kill();
      if (made === undefined) return;
      const args = clientArgs(options, to, made);
      const { execa } = await import('execa');
      await execa(client, ['-O', 'exit', ...args], {
        env,
        extendEnv: false,
        reject: false,
        stdio: 'ignore',
        timeout: farewellMs,
        killSignal: 'SIGKILL',
      });
      await rm(made, { recursive: true, force: true });
    },
  };
}

/** The client passes over a line of known_hosts that revokes a key and cannot be read. */
function checkRevocations(
  { knownHosts, env }: OpenSshOptions,
  { label, to: { host, port = 22 } }: { label: string; to: Destination },
): ClawError | undefined {
  const own = ['known_hosts', 'known_hosts2'].map((name) => join(env.HOME ?? homedir(), '.ssh', name));
  const files = [...(knownHosts ?? own), ...usualGlobal];
  const [at] = lookUpHost(files, { host, port }).revoking;
  return at === undefined ? undefined : unclearRevocation(label, at);
}

/**
 * Not by `exec`: the client tells a shell that a signal ended just as it tells a lost connection, so the login shell, whichever it is, stays to tell the two apart.
 */
function remoteCommand(sh: Argv): string {
  return `${quoted(sh)} || exit 1`;
}

/** For the settings, and for the socket of the shared connection: whoever can open it is logged in. */
async function privateFolder(configFiles: readonly string[] | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-ssh-'));
  await writeFile(join(folder, 'config'), clientConfig(configFiles), { mode: 0o600 });
  return folder;
}

function clientArgs(options: OpenSshOptions, to: Destination, folder: string): readonly string[] {
  const { connectSeconds = 20, aliveSeconds = 15, knownHosts, identityFiles = [] } = options;
  const settings = [
    ...forced.map(([keyword, value]) => `${keyword}=${value}`),
    'ControlMaster=auto',
    `ControlPath=${join(folder, 'm')}`,
    `ControlPersist=${persistSeconds}`,
    `ConnectTimeout=${Math.max(1, Math.ceil(connectSeconds))}`,
    `ServerAliveInterval=${aliveSeconds}`,
    'ServerAliveCountMax=3',
    ...(knownHosts === undefined
      ? []
      : [`UserKnownHostsFile=${knownHosts.map((file) => `"${file}"`).join(' ')}`]),
    ...(options.options ?? []),
  ];
  return [
    '-T',
    '-F',
    join(folder, 'config'),
    ...settings.flatMap((setting) => ['-o', setting]),
    ...identityFiles.flatMap((file) => ['-i', file]),
    ...(to.user === undefined ? [] : ['-l', to.user]),
    ...(to.port === undefined ? [] : ['-p', String(to.port)]),
    '--',
    to.host,
  ];
}

function endOf(label: string, client: string, { exit, notStarted, stderr }: ProgramEnd): ChannelEnd {
  if (notStarted !== undefined) {
    const error = new ClawError('unreachable', `the OpenSSH client cannot be started: ${notStarted}`, {
      hint: `install it (${client}), or take the built-in SSH: ssh://USER@HOST:PORT`,
    });
    return { end: 'dropped', error };
  }
  // 255 is the client's own; a shell does not end so by itself
  if (exit === 255 || exit === undefined) return { end: 'dropped', error: clientError(label, stderr) };
  return { end: 'exited', exit };
}
