import { randomBytes } from 'node:crypto';
import { ClawError, type Lock, type LockHolder } from '@claw-run/core';
import { lockExits, staleSeconds, takeFunction } from './lock-script.ts';
import { quote } from './quote.ts';
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

type Taking = LockOptions & { readonly signal: AbortSignal; readonly force: boolean };

/** Takes the lock of who is logged in, for a run, and renews it until it is released. */
export async function lockAsUser(runner: Runner, holder: LockHolder, options: Taking): Promise<Lock> {
  const line = lineOf(holder, options.pid);
  const taken = await runner.ask({
    ...lockRequest(options.signal),
    script: (id) => `${taking(line, options, '')} ${id}`,
  });
  return keep(pathOf(taken, options.host), line.text, { ...options, runner, runAs: undefined });
}

/** The same with root's lock, by sudo; nothing where sudo has no shell for us. The log-in renews it, but in a folder that was named and may be closed to it. */
export async function lockAsRoot(
  runner: Runner,
  holder: LockHolder,
  options: Taking,
): Promise<Lock | undefined> {
  const line = lineOf(holder, options.pid);
  const { uid } = await runner.identity(options.signal);
  const taken = await runner.ask({
    ...lockRequest(options.signal),
    runAs: 'root',
    script: (id, way) =>
      way.startsWith('each') ? `e ${id} ${lockExits.noRoot}` : `${taking(line, options, uid)} ${id}`,
  });
  if (taken.exit === lockExits.noRoot) return undefined;
  return keep(pathOf(taken, options.host), line.text, { ...options, runner, runAs: 'root' });
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

function taking({ text, run, token }: Line, { folder = '', force }: Taking, keeper: string): string {
  const words = [folder, text, run, token, force ? '1' : '', keeper];
  return `${takeFunction}\nl ${words.map(quote).join(' ')} </dev/null &\nr`;
}

/** The path of the lock that was taken. */
function pathOf(taken: Result, host: string): string {
  const [first = '', second = ''] = taken.stdout.toString('utf8').split('\n');
  if (taken.exit === lockExits.held) throw lockedError(host, second, Number(first));
  if (taken.exit !== 0) throw notTaken(host, taken);
  return first;
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

function keep(
  path: string,
  line: string,
  options: LockOptions & { runner: Runner; runAs: string | undefined },
): Lock {
  const { host, folder, renewSeconds, renewer, closed, runner, runAs } = options;
  const lost = new AbortController();
  const ours = `IFS= read -r h <${quote(path)} && [ "$h" = ${quote(line)} ]`;
  let by: Runner | undefined;
  let renewed = Date.now();
  const renew = async () => {
    by ??= renewer();
    const { exit } = await by.ask({
      ...lockRequest(AbortSignal.timeout(20_000)),
      runAs: folder === undefined ? undefined : runAs,
      script: (id) => `{ ${ours} && touch -c ${quote(path)}; } </dev/null 2>/dev/null\ne ${id} $?`,
    });
    if (exit !== 0) throw new ClawError('lock-lost', `somebody else took the lock of ${host}`);
    renewed = Date.now();
  };
  const timer = setInterval(() => {
    renew().catch((cause: unknown) => {
      const stolen = cause instanceof ClawError && cause.code === 'lock-lost';
      if (!stolen && Date.now() - renewed < (staleSeconds * 1000 * 3) / 4) return;
      clearInterval(timer);
      lost.abort(
        stolen ? cause : new ClawError('lock-lost', `the lock of ${host} could not be renewed`, { cause }),
      );
    });
  }, renewSeconds * 1000);
  timer.unref();
  closed.addEventListener('abort', () => clearInterval(timer), { once: true });
  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer);
      await by?.close();
      // a release must not fail the run: the lock falls by itself
      await runner
        .ask({
          ...lockRequest(AbortSignal.timeout(10_000)),
          runAs,
          script: (id) => `{ ${ours} && rm -f ${quote(path)}; } </dev/null 2>/dev/null\ne ${id} $?`,
        })
        .catch(() => undefined);
    },
  };
}

function lockedError(host: string, line: string, age: number): ClawError {
  const held = parsed(line);
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

function parsed(line: string): Partial<LockHolder> & { readonly since?: string; readonly pid?: number } {
  try {
    return JSON.parse(line) as Partial<LockHolder>;
  } catch {
    return {};
  }
}
