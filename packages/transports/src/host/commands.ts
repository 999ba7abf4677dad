import type { HostAction, HostRead } from '@claw-run/core';
import { type Following, lookedAt } from './follow.ts';
import { inOwnPipes, newMark } from './foreign.ts';
import { printing, quoted } from './quote.ts';
import type { Request } from './request.ts';

type Run = (HostRead & { read: 'run' }) | (HostAction & { do: 'run' });

/** What a command needs of the host: whose it is, and the shell text that runs it. */
export type Command = Pick<Request, 'runAs' | 'script' | 'words' | 'mark'>;

/** Whom a read or an action has to run as, where that is not the user of the log-in. */
export function runAsOf(wanted: { readonly sudo?: boolean; readonly as?: string }): string | undefined {
  return wanted.as ?? (wanted.sudo ? 'root' : undefined);
}

/** Whether an action takes the rights of root, if only to act as somebody else. */
export function needsRoot(action: HostAction): boolean {
  return action.sudo === true || (action.do === 'run' && action.as !== undefined);
}

/**
 * A command of a read or an action. `input` is given to it; otherwise it reads nothing. One that runs as somebody else, or that may leave something running that will
 * be somebody else's, gets pipes of its own.
 */
export function runCommand(run: Run, options: { end: 'r' | 'a'; input?: string }): Command {
  return run.as === undefined && options.end === 'r' ? readCommand(run) : pipedCommand(run, options);
}

function readCommand(run: Run): Command {
  const runAs = runAsOf(run);
  const argv = quoted(run.argv);
  return {
    runAs,
    words: run.argv,
    script(id, way) {
      // sudo keeps its tickets by session, so it must stay in that of the shell
      const bySudo = way === 'each' ? 'exec sudo -n --' : 'K --';
      // on one line: between two lines bash tells of a job that a signal ended
      return `${runAs !== undefined && way.startsWith('each') ? bySudo : '$X'} ${argv} </dev/null & r ${id}`;
    },
  };
}

function pipedCommand(run: Run, { end, input }: { end: 'r' | 'a'; input?: string }): Command {
  const { argv, as: user } = run;
  const mark = newMark();
  const runAs = runAsOf(run);
  const words = user === undefined ? argv : sessionWords(argv);
  const feeding = input === undefined ? '' : `{ ${printing(input)}\n} 2>/dev/null | `;
  const output = end === 'a' ? ' >/dev/null' : '';
  return {
    runAs,
    words,
    mark,
    script(id, way) {
      const each = runAs !== undefined && way.startsWith('each');
      const whose = user === undefined ? [] : ['-H', '-u', user];
      const command = each
        ? `K ${quoted([...whose, '--', ...words])}`
        : `$Y $TO ${user === undefined ? quoted(argv) : quoted(['su', '-l', user, '-c', quoted(argv)])}`;
      return inOwnPipes(`${feeding}${command}${output}`, { id, mark, end, user });
    },
  };
}

/** A fresh log-in session by sudo: it sets the groups itself; the login shell sets the environment. */
function sessionWords(argv: readonly string[]): readonly string[] {
  return ['sh', '-l', '-c', 'cd&&exec${IFS}"$@"', 'sh', ...argv];
}

/** Removes what is at `AT`, where the path leads to (`guardedCommand`). */
export function removeCommand(action: HostAction & { do: 'remove' }): Command {
  return {
    runAs: runAsOf(action),
    words: ['rm', '-f', '--', action.path],
    script: (id) => `$SU rm -f -- "$AT" </dev/null >/dev/null &\na ${id}`,
  };
}

/** A look at a file: its content, or why there is none. */
export function fileCommand(
  read: HostRead & { read: 'file' },
  following: Following,
): Command & { stat: string } {
  const { path } = read;
  const alone = runCommand({ read: 'run', argv: ['cat', path], sudo: true }, { end: 'r' });
  return {
    runAs: runAsOf(read),
    words: ['cat', path],
    stat: path,
    script: (id, way) =>
      lookedAt(following, path, id, read.sudo && way.startsWith('each') ? alone.script(id, way) : undefined),
  };
}
