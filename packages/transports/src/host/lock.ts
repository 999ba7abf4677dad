import { randomBytes } from 'node:crypto';
import { ClawError, type Lock, type LockHolder } from '@claw-run/core';
import { quote } from './quote.ts';
import type { Request } from './request.ts';
import type { Runner } from './runner.ts';

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

/** A lock that was not renewed for as long as this, by the clock of the host, is that of a dead run. */
const staleSeconds = 60;

/** Takes the lock file of a host for a run, and renews it until it is released. */
export async function lockHost(
  runner: Runner,
  holder: LockHolder,
  options: LockOptions & { signal: AbortSignal; force?: boolean },
): Promise<Lock> {
  const { host, folder, pid, signal, force = false } = options;
  const run = JSON.stringify({ run: holder.run }).slice(0, -1);
  const token = randomBytes(8).toString('hex');
  const { runbook, who } = holder;
  const since = new Date().toISOString();
  const line = `${run},${JSON.stringify({ runbook, who, since, ...(pid === undefined ? {} : { pid }), token }).slice(1)}`;
  const script = (id: string) =>
    `${takeFunction}\nl ${[folder ?? '', line, run, token, force ? '1' : ''].map(quote).join(' ')} </dev/null &\nr ${id}`;
  const ask = (text: Request['script'], until: AbortSignal, by = runner) =>
    by.ask({ what: 'the lock', script: text, seconds: 20, signal: until });
  const taken = await ask(script, signal);
  const [first = '', second = ''] = taken.stdout.toString('utf8').split('\n');
  if (taken.exit === 3) throw lockedError(host, second, Number(first));
  if (taken.exit !== 0) {
    const said = taken.stderr.toString('utf8').trim().split('\n').at(-1);
    throw new ClawError(
      'forbidden',
      `cannot take the lock of ${host}: ${said || 'another run took it at the same moment'}`,
    );
  }
  return keep(first, line, { ...options, ask });
}

type Ask = (text: Request['script'], signal: AbortSignal, by?: Runner) => Promise<{ readonly exit: number }>;

function keep(path: string, line: string, options: LockOptions & { ask: Ask }): Lock {
  const { host, renewSeconds, renewer, closed, ask } = options;
  const lost = new AbortController();
  const ours = `IFS= read -r h <${quote(path)} && [ "$h" = ${quote(line)} ]`;
  let by: Runner | undefined;
  let renewed = Date.now();
  const renew = async () => {
    by ??= renewer();
    const { exit } = await ask(
      (id) => `{ ${ours} && touch -c ${quote(path)}; } </dev/null 2>/dev/null\ne ${id} $?`,
      AbortSignal.timeout(20_000),
      by,
    );
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
      const script = (id: string) =>
        `{ ${ours} && rm -f ${quote(path)}; } </dev/null 2>/dev/null\ne ${id} $?`;
      // a release must not fail the run: the lock falls by itself
      await ask(script, AbortSignal.timeout(10_000)).catch(() => undefined);
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

/**
 * `l FOLDER LINE RUN TOKEN FORCE`: prints the path of the lock once it is ours; else exits 3 with its age in seconds and its line. A sticky folder is one that all
 * may write to, so every user comes to the same file. What is taken over is moved aside first and put back where it was not what had been looked at.
 */
const takeFunction = `l() ( umask 022
d=$1
if [ -z "$d" ]; then for d in /run/lock /var/lock /tmp; do [ ! -k "$d" ] || break; done; else mkdir -p -m 700 "$d" || exit 4; fi
f=$d/claw-run.lock
n=0
while [ $n -lt 5 ]; do n=$((n+1))
if x=$( { set -C; printf '%s\\n' "$2" >"$f"; } 2>&1 ); then printf '%s\\n' "$f"; exit 0; fi
[ -e "$f" ] || { printf '%s\\n' "$x" >&2; exit 4; }
h=
IFS= read -r h <"$f" || [ -e "$f" ] || continue
m=$(stat -c %Y "$f" 2>/dev/null) || continue
g=$(($(date +%s)-m))
p=
case $h in *'"pid":'*) p=\${h#*'"pid":'}; p=\${p%%[!0-9]*};; esac
case $h in "$3,"*) ;; *) [ -n "$5" ] || [ $g -ge ${staleSeconds} ] || { [ -n "$p" ] && [ ! -e /proc/$p ]; } || { printf '%s\\n' "$g" "$h"; exit 3; };; esac
mv -f "$f" "$f.$4" || exit 4
k=
IFS= read -r k <"$f.$4"
[ "$h" = "$k" ] || ln "$f.$4" "$f" 2>/dev/null
rm -f "$f.$4"
done
exit 5
)`;
