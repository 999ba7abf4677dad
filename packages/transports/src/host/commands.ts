import type { Argv, HostAction, HostRead } from '@claw-run/core';
import { statFormat } from './prelude.ts';
import { printing, quote, quoted } from './quote.ts';
import type { Request } from './request.ts';
import type { Way } from './sudo.ts';

type Run = (HostRead & { read: 'run' }) | (HostAction & { do: 'run' });

/** What a command needs of the host: whose it is, and the shell text that runs it. */
export type Command = Pick<Request, 'runAs' | 'script' | 'words'>;

/** Whom a read or an action has to run as, where that is not the user of the log-in. */
export function runAsOf(wanted: { readonly sudo?: boolean; readonly as?: string }): string | undefined {
  return wanted.as ?? (wanted.sudo ? 'root' : undefined);
}

/** A command of a read or an action. `input` is given to it; otherwise it reads nothing. */
export function runCommand(run: Run, options: { end: 'r' | 'a'; input?: string }): Command {
  const { end, input } = options;
  const output = end === 'a' ? ' >/dev/null' : '';
  return {
    runAs: runAsOf(run),
    words: run.as === undefined ? run.argv : sessionWords(run.argv),
    script(id, way) {
      const words = wordsOf(run, way);
      if (way === 'each-password' && runAsOf(run) !== undefined)
        return `${fed(words, `printf '%s\\n' "$W"\n${input === undefined ? '' : printing(input)}`)}${output} &\n${end} ${id}`;
      const rest = `${output} &\n${end} ${id}`;
      if (input !== undefined)
        return words.bySudo ? fed(words, printing(input)) + rest : fedInGroup(words, printing(input), rest);
      return `${started(words)} </dev/null${output} &\n${end} ${id}`;
    },
  };
}

/** One of a file's two looks. */
export function fileCommand(
  read: HostRead & { read: 'file' },
  look: 'stat' | 'content',
): Command & { stat?: string } {
  const words: Argv = look === 'stat' ? ['stat', '-L', '-c', statFormat, read.path] : ['cat', read.path];
  const alone = runCommand({ read: 'run', argv: words, sudo: true }, { end: 'r' });
  return {
    runAs: runAsOf(read),
    words,
    ...(look === 'stat' ? { stat: read.path } : {}),
    script: (id, way) =>
      read.sudo && way.startsWith('each') ? alone.script(id, way) : `c ${id} ${quote(read.path)}`,
  };
}

interface Words {
  readonly words: string;
  /** Started by sudo: it keeps its tickets by session, so it must stay in that of the shell. */
  readonly bySudo: boolean;
}

function wordsOf(run: Run, way: Way): Words {
  const runAs = runAsOf(run);
  const each = way.startsWith('each');
  if (runAs === undefined || (!each && run.as === undefined))
    return { words: quoted(run.argv), bySudo: false };
  if (!each) return { words: quoted(['su', '-l', runAs, '-c', quoted(run.argv)]), bySudo: false };
  const ask = way === 'each-password' ? ['-S', '-p', ''] : ['-n'];
  const who = run.as === undefined ? [] : ['-H', '-u', run.as];
  const argv = run.as === undefined ? run.argv : sessionWords(run.argv);
  return { words: quoted(['sudo', ...ask, ...who, '--', ...argv]), bySudo: true };
}

/** A fresh log-in session by sudo: it sets the groups itself; the login shell sets the environment. */
function sessionWords(argv: readonly string[]): readonly string[] {
  return ['sh', '-l', '-c', 'cd&&exec${IFS}"$@"', 'sh', ...argv];
}

function started({ words, bySudo }: Words): string {
  return `${bySudo ? 'exec' : '$X'} ${words}`;
}

function fed(words: Words, input: string): string {
  return `{ ${input}
} 2>/dev/null | ${started(words)}`;
}

/** With job control the process group is that of the first of a pipeline, else that of the last. */
function fedInGroup(words: Words, input: string, rest: string): string {
  const pipeline = `{ i 2>/dev/null; } | ${started(words)}`;
  return `i() { ${input}
}
if [ "$X" = exec ]; then ( ${pipeline} )${rest}
else ${pipeline}${rest}
fi`;
}
