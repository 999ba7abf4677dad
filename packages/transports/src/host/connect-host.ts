import {
  type ActionResult,
  ClawError,
  type Connection,
  type FileState,
  type HostAction,
  type HostRead,
  type RunResult,
  Secret,
} from '@claw-run/core';
import { type Asked, auditing } from './audit.ts';
import { fileCommand, needsRoot, runCommand } from './commands.ts';
import { fileStateOf } from './file-state.ts';
import { hostLocks } from './host-locks.ts';
import { idleShell } from './idle-shell.ts';
import { refusedCommands } from './refused.ts';
import type { Request } from './request.ts';
import { Runner } from './runner.ts';
import { saidOf } from './said.ts';
import type { Shell } from './shell.ts';
import type { Result } from './wire.ts';
import { writeCommand } from './write.ts';

/** Settings that all hosts have, whichever way they are reached; transports pass them on. */
export interface HostSettings {
  /** For sudo where it asks for one. Sent through standard input only. */
  readonly sudoPassword?: Secret | undefined;
  /** How long a command may take that names no time of its own; 60 s. */
  readonly commandSeconds?: number | undefined;
  /** How long the shell of the host may take to say its first word, once the connection stands; 30 s. */
  readonly startSeconds?: number | undefined;
  /** How long a connection may go unused before it is closed, to be opened again at the next use; it stays, unless given. */
  readonly idleSeconds?: number | undefined;
  /**
   * Where the lock file is kept on the host, a folder that nobody else can write to. By default root's: `/run/claw-run`; or, for who is not root and cannot be,
   * a folder of that user's own.
   */
  readonly lockFolder?: string | undefined;
  /** How often the lock is renewed; 15 s. */
  readonly renewSeconds?: number | undefined;
}

export interface HostOptions extends HostSettings {
  /** How the host is called in messages. */
  readonly name: string;
  readonly shell: Shell;
  /** Shell text that is run first in each channel; by default it adds the folders of administrators' programs to PATH, which log-ins without a terminal often lack. */
  readonly prelude?: string | undefined;
  /** The process that holds locks, where it runs on the host itself. */
  readonly pid?: number | undefined;
}

const remotePrelude = 'PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"; export PATH';

/** A host over any transport that can start a shell there. Nothing is opened until the first read, action or lock. */
export function connectHost(options: HostOptions): Connection<'host'> {
  const {
    name,
    prelude = remotePrelude,
    commandSeconds = 60,
    startSeconds = 30,
    sudoPassword,
    idleSeconds,
  } = options;
  const shell = idleSeconds === undefined ? options.shell : idleShell(options.shell, idleSeconds);
  const newRunner = () => new Runner({ name, shell, prelude, sudoPassword, startSeconds });
  const runner = newRunner();
  const closed = new AbortController();
  const host: Host = { runner, name, commandSeconds };
  const locks = hostLocks(runner, {
    host: name,
    folder: options.lockFolder,
    pid: options.pid,
    renewSeconds: options.renewSeconds ?? 15,
    renewer: newRunner,
    closed: closed.signal,
  });
  return {
    kind: 'host',
    name,
    read: (read, { signal }) => (read.read === 'run' ? run(host, read, signal) : file(host, read, signal)),
    begin: ({ signal }) => runner.begin(signal),
    async perform(action, { key, signal }) {
      if (needsRoot(action)) await locks.needRoot(signal);
      return perform(host, action, { signal, asked: { key, holder: locks.holder } });
    },
    refused: (wanted, { signal }) => refusedCommands(runner, wanted, signal),
    lock: (holder, { signal, force = false }) => locks.take(holder, { signal, force }),
    async close() {
      closed.abort();
      await runner.close();
      await shell.close();
    },
  };
}

interface Host {
  readonly runner: Runner;
  readonly name: string;
  readonly commandSeconds: number;
}

async function run(host: Host, read: HostRead & { read: 'run' }, signal: AbortSignal): Promise<RunResult> {
  const result = await host.runner.ask({
    ...runCommand(read, { end: 'r' }),
    what: read.argv.join(' '),
    seconds: read.timeoutSeconds ?? host.commandSeconds,
    signal,
  });
  return runResult(host, read, result);
}

async function file(
  host: Host,
  read: HostRead & { read: 'file' },
  signal: AbortSignal,
): Promise<FileState | null> {
  const ask = (look: 'stat' | 'content') =>
    host.runner.ask({
      ...fileCommand(read, look),
      what: look === 'stat' ? `stat ${read.path}` : `cat ${read.path}`,
      seconds: host.commandSeconds,
      signal,
    });
  const [stat, content] = await Promise.all([ask('stat'), ask('content')]);
  return fileStateOf(read.path, host.name, stat, content);
}

async function perform(
  host: Host,
  action: HostAction,
  { signal, asked }: { signal: AbortSignal; asked: Asked },
): Promise<ActionResult> {
  const wanted = actionRequest(action, host.commandSeconds);
  const request: Request = {
    ...wanted,
    script: (id, way) => `${auditing(action, asked)}\n${wanted.script(id, way)}`,
    action: true,
    signal,
  };
  const result = await host.runner.ask(request);
  if (action.do === 'run') unknownUser(host, action, result);
  if (result.exit === 0) return { exit: 0 };
  const { sentence, output } = saidOf(messageOf(action.do === 'run' ? action.argv[0] : '', result));
  const failed =
    action.do === 'write'
      ? `cannot write ${action.path}: ${sentence}`
      : `${request.what} exited ${result.exit}${sentence === '' ? '' : `: ${sentence}`}`;
  throw new ClawError('action-failed', failed, { output });
}

function actionRequest(action: HostAction, commandSeconds: number): Omit<Request, 'signal'> {
  switch (action.do) {
    case 'write':
      return { ...writeCommand(action), what: `write ${action.path}`, seconds: commandSeconds };
    case 'remove': {
      const argv = ['rm', '-f', '--', action.path] as const;
      const command = runCommand({ do: 'run', argv, ...(action.sudo ? { sudo: true } : {}) }, { end: 'a' });
      return { ...command, what: `remove ${action.path}`, seconds: commandSeconds };
    }
    case 'run': {
      const { stdin, argv, timeoutSeconds = commandSeconds } = action;
      const input = stdin instanceof Secret ? stdin.reveal() : stdin;
      const command = runCommand(action, { end: 'a', ...(input === undefined ? {} : { input }) });
      return { ...command, what: argv.join(' '), seconds: timeoutSeconds };
    }
  }
}

function runResult(host: Host, read: HostRead & { read: 'run' }, result: Result): RunResult {
  unknownUser(host, read, result);
  return {
    exit: result.exit,
    stdout: result.stdout.toString('utf8'),
    stderr: messageOf(read.argv[0], result),
  };
}

/** What a command printed as errors; the shell's own words on a program that cannot be run differ from shell to shell. */
function messageOf(program: string, { exit, stderr }: Result): string {
  const text = stderr.toString('utf8');
  const unquoted = (words: string) => words.replaceAll(/['‘’]/g, '');
  const last = unquoted(text.trimEnd().split('\n').at(-1) ?? '');
  const says = (endings: readonly string[]) =>
    // what a script says of a program that it misses is not about the script
    endings.some((ending) => ` ${last}`.endsWith(` ${unquoted(program)}: ${ending}`));
  if (exit === 127 && says(['not found', 'command not found', 'No such file or directory']))
    return `${program}: not found`;
  if (exit === 126 && says(['Permission denied', 'permission denied', 'cannot execute: Permission denied']))
    return `${program}: permission denied`;
  return text;
}

function unknownUser(host: Host, { as: user }: { readonly as?: string }, { note }: Result): void {
  if (user === undefined || note !== 'nouser') return;
  throw new ClawError('not-found', `there is no user ${user} on ${host.name}`);
}
