import { formatProblem } from '@claw-run/runbook';
import { answerJson, type Context, outputOf } from '../context.ts';
import { count, paintedPlain, plain } from '../render/style.ts';
import { loadLibrary } from '../run/load-library.ts';
import { loadRunbook } from '../run/load-runbook.ts';

/** `claw-run validate FILE...`: every mistake of every file, each with its place. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const library = await loadLibrary(options.library, io.cwd);
  let wrong = 0;
  for (const file of operands) {
    const loaded = await loadRunbook(file, library, io.cwd);
    if (!loaded.ok) wrong += 1;
    if (outputOf(context) === 'json') {
      const { ok } = loaded;
      answerJson(context, {
        file,
        ok,
        problems: ok ? [] : loaded.problems,
        warnings: ok ? loaded.warnings : [],
      });
      continue;
    }
    const problems = loaded.ok ? loaded.warnings : loaded.problems;
    for (const problem of problems) {
      const kind = loaded.ok ? 'warning: ' : '';
      io.out(`${kind}${paintedPlain(formatProblem(problem, { color: io.color.out }))}\n\n`);
    }
    if (options.quiet === true && loaded.ok) continue;
    io.out(
      loaded.ok ? `${plain(file)}: valid\n` : `${plain(file)}: ${count(loaded.problems.length, 'problem')}\n`,
    );
  }
  return wrong === 0 ? 0 : 2;
}
