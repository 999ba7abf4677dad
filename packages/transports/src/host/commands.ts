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

/** A command of a read or an action. `input` is given to it; otherwise it reads nothing. */
export function runCommand(run: Run, options: { end: 'r' | 'a'; input?: string }): Command {
  return run.as === undefined ? ownCommand(run, options) : foreignCommand(run, run.as, options);
}

function ownCommand(run: Run, { end, input }: { end: 'r' | 'a'; input?: string }): Command {
  const output = end === 'a' ? ' >/dev/null' : '';
  return {
    runAs: runAsOf(run),
    words: run.argv,
    script(id, way) {
      const bySudo = way.startsWith('each') && runAsOf(run) !== undefined;
      const command = bySudo
        ? `${way === 'each' ? 'sudo -n' : 'K'} -- ${quoted(run.argv)}`
        : quoted(run.argv);
      const rest = `${output} &\n${end} ${id}`;
      if (input !== undefined)
        return bySudo
          ? `{ ${printing(input)}\n} 2>/dev/null | ${command}${rest}`
          : fedInGroup(command, printing(input), rest);
      // sudo keeps its tickets by session, so it must stay in that of the shell
      const how = bySudo ? (way === 'each' ? 'exec ' : '') : '$X ';
      return `${how}${command} </dev/null${rest}`;
    },
  };
}

/** A command of somebody else's, in a fresh log-in session. By sudo, which sets the groups itself, the login shell sets the environment. */
function foreignCommand(
  { argv }: Run,
  user: string,
  { end, input }: { end: 'r' | 'a'; input?: string },
): Command {
  const mark = newMark();
  const words = ['sh', '-l', '-c', 'cd&&exec${IFS}"$@"', 'sh', ...argv];
  const feeding = input === undefined ? '' : `{ ${printing(input)}\n} 2>/dev/null | `;
  const output = end === 'a' ? ' >/dev/null' : '';
  return {
    runAs: user,
    words,
    mark,
    script(id, way) {
      const command = way.startsWith('each')
        ? `K ${quoted(['-H', '-u', user, '--', ...words])}`
        : `$Y ${quoted(['su', '-l', user, '-c', quoted(argv)])}`;
      return inOwnPipes(`${feeding}${command}${output}`, { id, mark, end, user });
    },
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

/** With job control the process group is that of the first of a pipeline, else that of the last. */
function fedInGroup(command: string, input: string, rest: string): string {
  const pipeline = `{ i 2>/dev/null; } | $X ${command}`;
  return `i() { ${input}
}
if [ "$X" = exec ]; then ( ${pipeline} )${rest}
else ${pipeline}${rest}
fi`;
}
