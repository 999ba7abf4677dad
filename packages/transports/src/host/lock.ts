import { randomBytes } from 'node:crypto';
import { ClawError, type Lock, type LockHolder } from '@claw-run/core';
import { type HeldLock, holderOf } from './fence.ts';
import { type FormerShell, formerShellOf, settleFormer } from './former-shell.ts';
import { lockExits, staleSeconds, takeFunction } from './lock-script.ts';
import { quote, quoted } from './quote.ts';
import type { Runner } from './runner.ts';
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
}

export interface Taking {
  readonly signal: AbortSignal;
  readonly force: boolean;
  readonly onWait?: ((because: string) => void) | undefined;
}

type TakingHere = LockOptions & Taking;

/** A lock on a host, with what proves that it is held. */
export interface HostLock extends Lock {
  readonly held: HeldLock;
  /** A command of an earlier process was still under way: what was seen before the lock was taken is old. */
  readonly waited: boolean;
}

/** Takes the lock of who is logged in, for a run, and renews it until it is released. */
export async function lockAsUser(runner: Runner, holder: LockHolder, options: TakingHere): Promise<HostLock> {
  const line = lineOf(holder, options.pid);
  const taken = await runner.ask({
    ...lockRequest(options.signal),
    script: (id) => `${taking(line, options, '')} ${id}`,
  });
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
  const token = randomBytes(8).toString('hex');
  const since = new Date().toISOString();
  const begin = JSON.stringify({ run }).slice(0, -1);
  const rest = JSON.stringify({ runbook, who, since, ...(pid === undefined ? {} : { pid }), token });
  return { text: `${begin},${rest.slice(1)}`, run: begin, token };
}

function taking({ text, run, token }: Line, { folder = '', force }: TakingHere, keeper: string): string {
  const words = [folder, text, run, token, force ? '1' : '', keeper];
  return `${takeFunction}\nl ${words.map(quote).join(' ')} </dev/null &\nr`;
}

/** The path of the lock that was taken, and who acted under it before. */
function placeOf(
  taken: Result,
  host: string,
): { readonly path: string; readonly former: FormerShell | undefined } {
  const [first = '', second = ''] = taken.stdout.toString('utf8').split('\n');
  if (taken.exit === lockExits.held) throw lockedError(host, second, Number(first));
  if (taken.exit !== 0) throw notTaken(host, taken);
  return { path: first, former: formerShellOf(second) };
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
  const { path, former } = placeOf(taken, options.host);
  const { lock, stop } = renewed(path, line, options);
  try {
    if (former === undefined) return lock;
    return { ...lock, waited: await settleFormer(options.runner, former, options) };
  } catch (error) {
    // who acts is still kept beside it: it stays for the next one, and falls by itself
    await stop();
    throw error;
  }
}

function renewed(
  path: string,
  line: string,
  options: LockOptions & { runner: Runner; runAs: string | undefined },
): { readonly lock: HostLock; readonly stop: () => Promise<void> } {
  const { host, folder, renewSeconds, renewer, closed, runner, runAs } = options;
  const lost = new AbortController();
  const ours = `IFS= read -r h <${quote(path)} && [ "$h" = ${quote(line)} ]`;
  let by: Runner | undefined;
  let lastRenewed = Date.now();
  const renew = async () => {
    by ??= renewer();
    const { exit } = await by.ask({
      ...lockRequest(AbortSignal.timeout(20_000)),
      runAs: folder === undefined ? undefined : runAs,
      script: (id) => `{ ${ours} && touch -c ${quote(path)}; } </dev/null 2>/dev/null\ne ${id} $?`,
    });
    if (exit !== 0) throw new ClawError('lock-lost', `somebody else took the lock of ${host}`);
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
    await by?.close();
  };
  const lock: HostLock = {
    lost: lost.signal,
    held: { path, line },
    waited: false,
    async release() {
      await stop();
      // a release must not fail the run: the lock falls by itself
      await runner
        .ask({
          ...lockRequest(AbortSignal.timeout(10_000)),
          runAs,
          script: (id) =>
            `{ ${ours} && rm -f ${quoted([path, `${path}.by`])}; } </dev/null 2>/dev/null\ne ${id} $?`,
        })
        .catch(() => undefined);
    },
  };
  return { lock, stop };
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
