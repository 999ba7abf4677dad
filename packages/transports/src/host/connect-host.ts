import {
  type ActionResult,
  ClawError,
  type Connection,
  type FileState,
  type HostAction,
  type HostRead,
  problemOf,
  type RunResult,
  Secret,
} from '@claw-run/core';
import { unlessAborted } from '../unless-aborted.ts';
import { fileAsOwner, type Owner, removeAsOwner, runAsOwner, writeAsOwner } from './as-owner.ts';
import { type Asked, auditing } from './audit.ts';
import { type Command, fileCommand, needsRoot, removeCommand, runCommand } from './commands.ts';
import { assertUnfenced, fenced, type HeldLock } from './fence.ts';
import { deniedFile, fileStateOf, ownedFileStateOf } from './file-state.ts';
import { guardedCommand, lookedInPlace } from './follow.ts';
import { followedPaths } from './followed-paths.ts';
import { type Guarded, guarded } from './guarded.ts';
import { hostLocks } from './host-locks.ts';
import { idleShell } from './idle-shell.ts';
import { refusedCommands } from './refused.ts';
import { Runner } from './runner.ts';
import { saidOf } from './said.ts';
import type { Shell } from './shell.ts';
import { soon } from './soon.ts';
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
  const host: Host = { runner, name, commandSeconds, gids: new Set() };
  // nothing may be under way, or begin late, of what was lost or given up when it is looked at
  let unsure: { readonly now: boolean } | undefined;
  const locks = hostLocks(runner, {
    host: name,
    // a variable of the environment may be set to nothing
    folder: options.lockFolder || undefined,
    pid: options.pid,
    renewSeconds: options.renewSeconds ?? 15,
    renewer: newRunner,
    closed: closed.signal,
    isHurried: () => unsure?.now === true,
  });
  let settling: { readonly done: Promise<void>; readonly by: AbortSignal } | undefined;
  const settle = async (signal: AbortSignal) => {
    while (unsure !== undefined) {
      const about = unsure;
      settling ??= {
        by: signal,
        done: locks
          .fence({ signal, now: about.now })
          .catch((error: unknown) => {
            // nothing of ours begins any more in any case
            if (problemOf(error).code !== 'lock-lost') throw error;
          })
          .then(() => {
            if (unsure === about) unsure = undefined;
          })
          .finally(() => {
            settling = undefined;
          }),
      };
      const { done, by } = settling;
      await done.catch((error: unknown) => {
        // who began it was stopped, and this one was not
        if (!by.aborted || signal.aborted) throw error;
      });
    }
  };
  const settled = <T>(signal: AbortSignal, then: () => Promise<T>): Promise<T> =>
    unlessAborted(
      settle(signal).then(() => {
        signal.throwIfAborted();
        return then();
      }),
      signal,
    );
  return {
    kind: 'host',
    name,
    read: (read, { signal }) =>
      settled<RunResult | FileState | null>(signal, () =>
        read.read === 'run' ? run(host, read, signal) : file(host, read, signal),
      ),
    begin: ({ signal }) => runner.begin(signal),
    async perform(action, { key, signal }) {
      try {
        return await settled(signal, async () => {
          if (needsRoot(action)) await locks.needRoot(signal);
          const { holder, held } = locks;
          return perform(host, action, { signal, asked: { key, holder }, held });
        });
      } catch (error) {
        const lost = error instanceof ClawError && (error.code === 'unreachable' || error.code === 'timeout');
        if (signal.aborted) unsure = { now: true };
        else if (lost && !error.notPerformed) unsure = { now: unsure?.now === true };
        throw error;
      }
    },
    refused: (wanted, { signal }) => unlessAborted(refusedCommands(runner, wanted, signal), signal),
    lock: (holder, how) => unlessAborted(locks.take(holder, how), how.signal),
    async close() {
      closed.abort();
      await soon(runner.close());
      await soon(shell.close());
    },
  };
}

interface Host extends Guarded {
  readonly commandSeconds: number;
}

async function run(host: Host, read: HostRead & { read: 'run' }, signal: AbortSignal): Promise<RunResult> {
  const what = read.argv.join(' ');
  const rest = { what, seconds: read.timeoutSeconds ?? host.commandSeconds, signal };
  const command = runCommand(read, { end: 'r' });
  const paths = followedPaths(read);
  if (paths.length === 0) return runResult(host, read, await host.runner.ask({ ...command, ...rest }));
  const guard = await guarded(host, {
    sudo: read.sudo === true,
    what: `run \`${what}\``,
    request: (following) => ({ ...guardedCommand(following, paths, command), ...rest }),
    looks: true,
  });
  if ('result' in guard) return runResult(host, read, guard.result);
  if ('place' in guard) return runResult(host, read, await host.runner.ask({ ...command, ...rest }));
  return runResult(host, read, await host.runner.ask({ ...runAsOwner(read, guard.owner), ...rest }));
}

async function file(
  host: Host,
  read: HostRead & { read: 'file' },
  signal: AbortSignal,
): Promise<FileState | null> {
  const { path, sudo = false } = read;
  const rest = { what: `cat ${path}`, seconds: host.commandSeconds, signal };
  const guard = await guarded(host, {
    sudo,
    what: `read ${path}`,
    request: (following) => ({ ...fileCommand(read, following), ...rest }),
    looks: true,
  });
  if ('result' in guard) return fileStateOf(path, host.name, guard.result);
  if ('place' in guard) {
    const looked = await host.runner.ask({ script: lookedInPlace(path, guard.place), ...rest });
    return ownedFileStateOf(path, looked, (said) => deniedFile(path, host.name, said));
  }
  const result = await host.runner.ask({ ...fileAsOwner(read, guard.owner), ...rest });
  return ownedFileStateOf(path, result, guard.refused);
}

async function perform(
  host: Host,
  action: HostAction,
  { signal, asked, held }: { signal: AbortSignal; asked: Asked; held: readonly HeldLock[] },
): Promise<ActionResult> {
  const seconds = (action.do === 'run' ? action.timeoutSeconds : undefined) ?? host.commandSeconds;
  const rest = { what: whatOf(action), seconds, action: true, signal };
  const paths = followedPaths(action);
  const command = toldFirst(actionCommand(action), auditing(action, asked));
  if (paths.length === 0)
    return performed(host, action, await host.runner.ask({ ...fenced(command, held, seconds), ...rest }));
  const guard = await guarded(host, {
    sudo: action.sudo === true,
    what: action.do === 'run' ? `run \`${rest.what}\`` : rest.what,
    request: (following) => ({
      ...fenced(guardedCommand(following, paths, command, action.do !== 'run'), held, seconds),
      ...rest,
    }),
  });
  if ('result' in guard) return performed(host, action, guard.result);
  if ('place' in guard) throw new Error('no look is an action');
  const { owner, refused } = guard;
  if (action.do === 'write' && (action.owner ?? owner.user) !== owner.user)
    throw refused(`the file is to belong to ${action.owner}`);
  const told = owner.self ? ':' : auditing(action, { ...asked, as: owner.user });
  const asOwner = fenced(toldFirst(asOwnerOf(action, owner), told), held, seconds);
  const result = await host.runner.ask({ ...asOwner, ...rest });
  assertUnfenced(host.name, result);
  if (result.exit !== 0) throw refused(saidOf(messageOf('', result)).sentence);
  return { exit: 0 };
}

/** What the host's log is told goes out with the command, before it. */
function toldFirst(command: Command, telling: string): Command {
  return { ...command, script: (id, way) => `${telling}\n${command.script(id, way)}` };
}

function performed(host: Host, action: HostAction, result: Result): ActionResult {
  assertUnfenced(host.name, result);
  if (action.do === 'run') unknownUser(host, action, result);
  if (result.exit === 0) return { exit: 0 };
  const { sentence, output } = saidOf(messageOf(action.do === 'run' ? action.argv[0] : '', result));
  const failed =
    action.do === 'write'
      ? `cannot write ${action.path}: ${sentence}`
      : `${whatOf(action)} exited ${result.exit}${sentence === '' ? '' : `: ${sentence}`}`;
  throw new ClawError('action-failed', failed, { output });
}

function whatOf(action: HostAction): string {
  return action.do === 'run' ? action.argv.join(' ') : `${action.do} ${action.path}`;
}

function actionCommand(action: HostAction): Command {
  if (action.do === 'write') return writeCommand(action);
  if (action.do === 'remove') return removeCommand(action);
  const input = inputOf(action);
  return runCommand(action, { end: 'a', ...(input === undefined ? {} : { input }) });
}

function inputOf({ stdin }: HostAction & { do: 'run' }): string | undefined {
  return stdin instanceof Secret ? stdin.reveal() : stdin;
}

function asOwnerOf(action: HostAction, owner: Owner): Command {
  switch (action.do) {
    case 'write':
      return writeAsOwner(action, owner);
    case 'remove':
      return removeAsOwner(action.path, owner);
    case 'run':
      return runAsOwner(action, owner, inputOf(action));
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
