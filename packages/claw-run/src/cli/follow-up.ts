import type { Runbook } from '@claw-run/core';
import { quote } from '@claw-run/transports/quote';
import type { Context } from '../context.ts';
import type { Next } from '../render/renderer.ts';
import { choice, inputs, many, reach, ssh } from './commands.ts';
import { type Flag, type FlagName, flags, type Options } from './flags.ts';

type Typed = Pick<Context, 'typed'>;

/** How a runbook that was planned or diagnosed is run: with what was written then. `log` is one that was an operand. */
export function runAgain(file: string, { typed }: Typed, log?: string): Next {
  const given = { ...typed, ...(log === undefined ? {} : { log }) };
  const names = [...inputs, ...reach, ...many, ...ssh, ...choice, 'stateDir', 'keyFile'] as const;
  return nextCommand(['claw-run', operand(file)], names, given);
}

/** How a saved plan is applied. Where hosts are is in the plan; a cluster is looked for in the kubeconfig of the call. */
export function applyPlan(file: string, runbook: Pick<Runbook, 'targets'>, { typed }: Typed): Next {
  const clusters = runbook.targets.flatMap(({ name, kind }) => (kind === 'cluster' ? [`${name}=`] : []));
  const target = typed.target?.filter((pair) => clusters.some((start) => pair.startsWith(start)));
  const names = [
    'library',
    'allowLibraries',
    'context',
    'kubeconfig',
    'target',
    'stateDir',
    'keyFile',
  ] as const;
  return nextCommand(['claw-run', 'apply', operand(file)], names, { ...typed, target });
}

/** What `resume` and `rollback` need besides the run: where targets are is in the journal, unless it was said anew. */
export function pastRunFlags({ typed }: Typed, how: 'run' | 'again'): string {
  const own = [
    'library',
    'allowLibraries',
    'forks',
    'stateDir',
    'keyFile',
  ] as const satisfies readonly FlagName[];
  const names: readonly FlagName[] =
    how === 'run' ? own : [...own, 'context', 'kubeconfig', 'target', ...ssh];
  return names.flatMap((name) => wordsOf(name, typed)).reduce((text, word) => `${text} ${shown(word)}`, '');
}

/** A command with its flags, as the shell takes it. */
export function commandLine(words: readonly string[]): string {
  return words.map(shown).join(' ');
}

function nextCommand(words: readonly string[], names: readonly FlagName[], typed: Given): Next {
  const piped = (['params', 'log'] as const).filter((name) => names.includes(name) && typed[name] === '-');
  return {
    command: commandLine([...words, ...names.flatMap((name) => wordsOf(name, typed))]),
    needs: piped.map((name) => `what was on standard input again: --${flags[name].long} -`),
  };
}

/** Options of which some are left out. */
type Given = { readonly [N in FlagName]?: Options[N] | undefined };

/** A flag and its value as words of a command line; none where it was not given. */
export function wordsOf(name: FlagName, typed: Given): readonly string[] {
  const flag: Flag = flags[name];
  const written = flag.short === undefined ? `--${flag.long}` : `-${flag.short}`;
  const value = typed[name];
  if (value === undefined || value === false) return [];
  if (typeof value === 'string') return [written, value];
  return typeof value === 'object' ? value.flatMap((each) => [written, each]) : [written];
}

/** A file whose name cannot be taken for a flag or a command. */
function operand(file: string): string {
  return file.startsWith('-') || !/[./\\]/.test(file) ? `./${file}` : file;
}

/** Behind a command, an equals sign needs no quotes. */
function shown(word: string): string {
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word) ? word : quote(word);
}
