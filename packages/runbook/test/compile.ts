import { type Compiled, compileRunbook, formatProblem } from '../src/index.ts';
import { library } from './library.ts';

type Files = { readonly [file: string]: string | Uint8Array };

/** Compiles a text, with the fragments it includes beside it. */
export function compile(text: string | Uint8Array, includes: Files = {}): Promise<Compiled> {
  const bytes = (value: string | Uint8Array) =>
    typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return compileRunbook(
    { file: 'x.yaml', bytes: bytes(text) },
    {
      library,
      readInclude: async (file) => {
        const found = includes[file];
        if (found === undefined) throw Object.assign(new Error(`ENOENT: ${file}`), { code: 'ENOENT' });
        return bytes(found);
      },
    },
  );
}

/** All problems as a person reads them. */
export async function problemsOf(text: string | Uint8Array, includes: Files = {}): Promise<string> {
  const compiled = await compile(text, includes);
  const problems = compiled.ok ? compiled.warnings : compiled.problems;
  const shown = problems.map((problem) => formatProblem(problem, { color: false })).join('\n\n');
  return compiled.ok ? `ok${shown === '' ? '' : `, but\n${shown}`}` : shown;
}

/** The runbook of a text that must compile. */
export async function runbookOf(text: string, includes: Files = {}) {
  const compiled = await compile(text, includes);
  if (!compiled.ok)
    throw new Error(compiled.problems.map((problem) => formatProblem(problem, { color: false })).join('\n'));
  return compiled.runbook;
}
