import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ClawError, type Library, type Runbook } from '@claw-run/core';
import { formatProblem } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import type { Context } from '../context.ts';
import { plain } from '../render/style.ts';
import type { EarlyHosts } from './early-hosts.ts';
import { loadRunbook } from './load-runbook.ts';

/** Compiles the runbook of a command line and tells its warnings; one without any is remembered. @throws ClawError with every problem of the file */
export async function openRunbook(
  file: string,
  library: Library,
  context: Context,
  { cache, turn }: Partial<Pick<EarlyHosts, 'cache' | 'turn'>> = {},
): Promise<Runbook> {
  const { io, options } = context;
  const loaded = await loadRunbook(file, library, io.cwd, turn);
  if (!loaded.ok) {
    const [first] = loaded.problems;
    throw new ClawError(first?.code ?? 'runbook-invalid', `${file} cannot be run`, {
      problems: loaded.problems,
    });
  }
  if (options.quiet !== true) {
    for (const warning of loaded.warnings)
      io.err(`warning: ${plain(formatProblem(warning, { color: false }))}\n`);
  }
  const libraries = options.library?.map((each) => resolve(io.cwd, each));
  if (loaded.warnings.length === 0 && libraries === undefined) await cache?.add(file, loaded.runbook.sources);
  return libraries === undefined ? loaded.runbook : { ...loaded.runbook, libraries };
}

/** The log of `--log`, or of an operand. @throws UsageError */
export async function readLog(file: string, { io }: Context): Promise<string> {
  if (file === '-') return (await io.readStdin()).toString('utf8');
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    throw new UsageError(`the log ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

/** The named groups of the symptoms that a log shows: facts of the run. */
export async function factsOfLog(
  runbook: Runbook,
  context: Context,
): Promise<{ readonly [name: string]: string }> {
  const { io, options } = context;
  if (options.log === undefined) return {};
  const facts = factsIn(runbook, await readLog(options.log, context));
  if (facts === undefined) io.err(`warning: no symptom of ${runbook.name} is in ${options.log}\n`);
  return facts ?? {};
}

/** Facts by the symptoms of a runbook, or nothing when none of them is in the text. */
export function factsIn(runbook: Runbook, text: string): { readonly [name: string]: string } | undefined {
  const groups = runbook.symptoms.flatMap(({ match }) => {
    const found = match(text);
    return found === undefined ? [] : [found];
  });
  return groups.length === 0 ? undefined : Object.assign({}, ...groups.toReversed());
}
