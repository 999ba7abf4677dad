import { randomBytes } from 'node:crypto';
import { ClawError, type Lock, type LockHolder } from '@claw-run/core';
import { type HeldLock, holderOf, lostLock } from './fence.ts';
import { formerShells, printFormers, type Settling, settleFormer } from './former-shell.ts';
import { lockExits, staleSeconds, takeFunction } from './lock-script.ts';
import { quote } from './quote.ts';
import type { Runner } from './runner.ts';
import { soon } from './soon.ts';
import type { Result } from './wire.ts';

export interface LockOptions {
  readonly host: string;
  readonly folder: string | undefined;
  /** The process that holds the lock, where it runs on the host itself: its lock is taken over as soon as it is gone. */
  readonly pid: number | undefined;
  readonly renewSeconds: number;
  /** Keeps the lock from a shell of its own: the other may be busy with a long command. */
  readonly renewer: () => Runner;
  /** Aborted when the connection is closed: who did not release the lock lets it fall. */
  readonly closed: AbortSignal;
  /** Whether the run is being stopped: a lock that cannot be released at once falls by itself. */
  readonly isHurried: () => boolean;
}

export interface Taking {
  readonly signal: AbortSignal;
  readonly force: boolean;
  readonly onWait?: ((because: string) => void) | undefined;
  /** Those of the same run, by other connections. */
  readonly beside: () => readonly HostLock[];
}

type TakingHere = LockOptions & Taking;

/** A lock on a host, with what proves that it is held. */
export interface HostLock extends Lock {
  readonly held: HeldLock;
  /**
   * Gives the lock another line, so that nothing that was sent before begins any more, and sees to what has begun.
   * @throws ClawError `lock-lost`
   */
  readonly fence: (how: Pick<Settling, 'signal' | 'now'>) => Promise<void>;
  /** A command of an earlier process was still under way: what was seen before the lock was taken is old. */
  readonly waited: boolean;
}

/**
 * Takes the lock of who is logged in, for a run, and renews it until it is released; nothing where a run of theirs has left root's lock behind, which has to be taken
 * then, unless this one alone will do.
 */
export async function lockAsUser(
  runner: Runner,
  holder: LockHolder,
  options: TakingHere & { readonly alone: boolean },
): Promise<HostLock | undefined> {
  const line = lineOf(holder, options.pid);
  const taken = await runner.ask({
    ...lockRequest(options.signal),
    script: (id) => `${taking(line, options, '', options.alone)} ${id}`,
  });
  if (taken.exit === lockExits.rooted) return undefined;
  return keep(taken, line.text, { ...options, runner, runAs: undefined });
}

/** The same with root's lock, by sudo; nothing where sudo has no shell for us. The log-in renews it, but in a folder that was named and may be closed to it. */
export async function lockAsRoot(
  runner: Runner,
  holder: LockHolder,
  options: TakingHere,
): Promise<HostLock | undefined> {
  const line = lineOf(holder, options.pid);
  const { uid } = await runner.identity(options.signal);
  const taken = await runner.ask({
    ...lockRequest(options.signal),
    runAs: 'root',
    script: (id, way) =>
      way.startsWith('each') ? `e ${id} ${lockExits.noRoot}` : `${taking(line, options, uid)} ${id}`,
  });
  if (taken.exit === lockExits.noRoot) return undefined;
  return keep(taken, line.text, { ...options, runner, runAs: 'root' });
}

interface Line {
  /** What the file holds. */
  readonly text: string;
  /** How the lines of the same run begin. */
  readonly run: string;
  readonly token: string;
}

function lineOf({ run, runbook, who }: LockHolder, pid: number | undefined): Line {
  const token = newToken();
  const since = new Date().toISOString();
  const begin = JSON.stringify({ run }).slice(0, -1);
  const rest = JSON.stringify({ runbook, who, since, ...(pid === undefined ? {} : { pid }), token });
  return { text: `${begin},${rest.slice(1)}`, run: begin, token };
}

function newToken(): string {
  return randomBytes(8).toString('hex');
}

function taking(
  { text, run, token }: Line,
  { folder = '', force, beside }: TakingHere,
  keeper: string,
  alone = true,
): string {
  const shared = beside().map(({ held }) => tokenOf(held.line));
  const words = [folder, text, run, token, force ? '1' : '', keeper, alone ? '1' : '', shared.join(' ')];
  return `${takeFunction}\nl ${words.map(quote).join(' ')} </dev/null &\nr`;
}

/** What all requests about the lock have in common. */
function lockRequest(signal: AbortSignal) {
  return { what: 'the lock', seconds: 20, signal };
}

function notTaken(host: string, { exit, stderr }: Result): ClawError {
  const said = stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
  if (exit === lockExits.unsafe)
    return new ClawError(
      'forbidden',
      `cannot take the lock of ${host}: others can change the folder ${said}`,
      {
        hint: 'remove it if it is nobody’s, or name a folder with --lock-dir that only you can write to',
      },
    );
  return new ClawError(
    'forbidden',
    `cannot take the lock of ${host}: ${said || 'another run took it at the same moment'}`,
    { hint: 'name another folder with --lock-dir' },
  );
}

async function keep(
  taken: Result,
  line: string,
  options: TakingHere & { runner: Runner; runAs: string | undefined },
): Promise<HostLock> {
  const { host } = options;
  const [path = '', ...formers] = taken.stdout.toString('utf8').split('\n');
  if (taken.exit === lockExits.shared) {
    const shared = options.beside().find(({ held }) => tokenOf(held.line) === path);
    if (shared === undefined) throw new Error('a lock is shared that nobody has');
    return shared;
  }
  if (taken.exit === lockExits.held) throw lockedError(host, formers[0] ?? '', Number(path));
  if (taken.exit !== 0) throw notTaken(host, taken);
  const { lock, stop } = renewed(path, line, options);
  try {
    return { ...lock, waited: await settleAll(path, formers.join('\n'), options) };
  } catch (error) {
    // who acts is still kept beside it: it stays for the next one, and falls by itself
    await stop();
    throw error;
  }
}

/** Sees to all shells that are kept beside a lock, and forgets them. */
async function settleAll(
  path: string,
  kept: string,
  settling: Settling & { runner: Runner },
): Promise<boolean> {
  const { runner, signal, runAs } = settling;
  const formers = formerShells(kept);
  let waited = false;
  for (const former of formers) {
    const was = await settleFormer(runner, former, settling);
    waited ||= was;
  }
  if (formers.length > 0)
    await runner.ask({
      ...lockRequest(signal),
      runAs,
      script: (id) =>
        `{ for i in ${quote(path)}.by.*; do [ ! -f "$i" ] || [ -L "$i" ] || true >"$i" || rm -f "$i"; done; } </dev/null 2>/dev/null\ne ${id} 0`,
    });
  return waited;
}

function renewed(
  path: string,
  first: string,
  options: TakingHere & { runner: Runner; runAs: string | undefined },
): { readonly lock: HostLock; readonly stop: () => Promise<void> } {
  const { host, folder, renewSeconds, renewer, closed, isHurried, runner, runAs, onWait } = options;
  const lost = new AbortController();
  const at = quote(path);
  // more than one where it is not known whether the last one was written
  let lines: readonly string[] = [first];
  let by: Runner | undefined;
  let lastRenewed = Date.now();
  // its keeper may write to what is there, but in a folder that was named and may be closed to them
  const asKeeper = folder === undefined ? undefined : runAs;
  const renew = async () => {
    by ??= renewer();
    const asked = lines;
    const { exit } = await by.ask({
      ...lockRequest(AbortSignal.timeout(20_000)),
      runAs: asKeeper,
      script: (id) =>
        `{ ${holds(at, asked)} && touch -c ${at} && { at ${at} ${quote(tokenOf(asked[0] ?? ''))} || :; }; } </dev/null 2>/dev/null\ne ${id} $?`,
    });
    if (exit !== 0 && asked === lines)
      throw new ClawError('lock-lost', `somebody else took the lock of ${host}`);
    lastRenewed = Date.now();
  };
  const timer = setInterval(() => {
    renew().catch((cause: unknown) => {
      const stolen = cause instanceof ClawError && cause.code === 'lock-lost';
      if (!stolen && Date.now() - lastRenewed < (staleSeconds * 1000 * 3) / 4) return;
      clearInterval(timer);
      lost.abort(
        stolen ? cause : new ClawError('lock-lost', `the lock of ${host} could not be renewed`, { cause }),
      );
    });
  }, renewSeconds * 1000);
  timer.unref();
  closed.addEventListener('abort', () => clearInterval(timer), { once: true });
  const stop = async () => {
    clearInterval(timer);
    if (by !== undefined) await soon(by.close());
  };
  const lock: HostLock = {
    lost: lost.signal,
    held: {
      path,
      get line() {
        return lines[0] ?? '';
      },
    },
    waited: false,
    async fence(how) {
      const [current = ''] = lines;
      const next = current.replace(tokenOf(current), newToken());
      const known = lines;
      lines = [...known, next];
      const { exit, stdout } = await runner.ask({
        ...lockRequest(how.signal),
        runAs: asKeeper,
        script: (id) => `{ ${fencing(at, known, next)}; } </dev/null 2>/dev/null\ne ${id} $?`,
      });
      const said = stdout.toString('utf8');
      if (exit !== 0) throw lostLock(host, said.split('\n')[0] ?? '');
      lines = [next];
      await settleAll(path, said, { host, runner, runAs, onWait, ...how });
    },
    async release() {
      await stop();
      // a release must not fail the run: the lock falls by itself
      await runner
        .ask({
          ...lockRequest(AbortSignal.timeout(isHurried() ? 1500 : 10_000)),
          runAs,
          script: (id) =>
            `{ ${holds(at, lines)} && rm -f ${at} ${at}.at ${at}.by.*; } </dev/null 2>/dev/null\ne ${id} $?`,
        })
        .catch(() => undefined);
    },
  };
  return { lock, stop };
}

function holds(at: string, lines: readonly string[]): string {
  return `IFS= read -r h <${at} && ${isOneOf(lines)}`;
}

function isOneOf(lines: readonly string[]): string {
  return `case $h in ${lines.map(quote).join('|')}) ;; *) false;; esac`;
}

/** Writes to the very file that was looked at: another one may be in its place meanwhile. Prints who acted under it, or what it holds where it is not ours. */
function fencing(at: string, lines: readonly string[], next: string): string {
  return `{ h=; IFS= read -r h </proc/self/fd/3; if ${isOneOf(lines)}; then printf '%s\\n' ${quote(next)} 1<>/proc/self/fd/3
at ${at} ${quote(tokenOf(next))}; h=; IFS= read -r h <${at}; fi; [ "$h" = ${quote(next)} ] || { printf '%s\\n' "$h"; false; }; } 3<${at} && {
${printFormers(at)}
}`;
}

function tokenOf(line: string): string {
  return holderOf(line).token ?? '';
}

function lockedError(host: string, line: string, age: number): ClawError {
  const held = holderOf(line);
  const since = held.since === undefined ? '' : `, since ${held.since}`;
  const left = Math.max(1, staleSeconds - age + 1);
  const wait =
    held.pid === undefined
      ? `wait for it to end; if it died, the lock falls in ${left} s`
      : `wait for process ${held.pid} to end`;
  return new ClawError(
    'locked',
    `run ${held.run ?? 'of somebody'} (${held.runbook ?? 'a runbook'}, by ${held.who ?? 'somebody'}${since}) holds the lock of ${host}`,
    { hint: `${wait}, or break the lock with --break-lock` },
  );
}
