import { type Problem, problemOf } from '@claw-run/core';
import { answerJson, type Context, outputOf } from '../context.ts';
import { count, paint, plain } from '../render/style.ts';
import { openValidCache, type ValidCache } from '../run/valid-cache.ts';

interface Result {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const valid: Result = { ok: true, problems: [], warnings: [] };

/** `claw-run validate FILE...`: every mistake of every file, each with its place. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const cache = options.library === undefined ? openValidCache(process.env, io.cwd) : undefined;
  let wrong = 0;
  for (const file of operands) {
    const result = (await cache?.has(file)) === true ? valid : await compile(file, context, cache);
    if (!result.ok) wrong += 1;
    if (outputOf(context) === 'json') answerJson(context, { file, ...result });
    else await tell(file, result, context);
  }
  return wrong === 0 ? 0 : 2;
}

// What compiles is loaded only for files that have to be.
async function compile(file: string, context: Context, cache: ValidCache | undefined): Promise<Result> {
  const [{ loadLibraryFor }, { loadRunbook }, { withLibrariesOf }] = await Promise.all([
    import('../run/load-library.ts'),
    import('../run/load-runbook.ts'),
    import('../run/runbook-libraries.ts'),
  ]);
  const own = await withLibrariesOf(file, context).catch((error: unknown) => problemOf(error));
  if ('code' in own) return { ok: false, problems: [own], warnings: [] };
  const { io, options } = own;
  const loaded = await loadRunbook(file, await loadLibraryFor(file, options.library, io.cwd), io.cwd);
  if (!loaded.ok) return { ok: false, problems: loaded.problems, warnings: [] };
  if (loaded.warnings.length === 0 && options.library === undefined)
    await cache?.add(file, loaded.runbook.sources);
  return { ok: true, problems: [], warnings: loaded.warnings };
}

async function tell(
  file: string,
  { ok, problems, warnings }: Result,
  { io, options }: Context,
): Promise<void> {
  const told = ok ? warnings : problems;
  if (told.length > 0) {
    const { formatProblem } = await import('@claw-run/runbook');
    const kind = ok ? 'warning: ' : '';
    for (const problem of told)
      io.out(`${kind}${formatProblem(problem, { color: io.color.out, paint })}\n\n`);
  }
  if (options.quiet === true && ok) return;
  io.out(ok ? `${plain(file)}: valid\n` : `${plain(file)}: ${count(problems.length, 'problem')}\n`);
}
