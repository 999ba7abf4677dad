import { createLibrary, defineCheck, objectFact, type Problem, pass } from '@claw-run/core';
import type * as z from 'zod';
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

/** The problems of `test.kept`, a check that takes this input, where it is used with an input and the runbook has a parameter. */
export async function problemsOfInput(
  schema: z.ZodType,
  { param, input }: { readonly param: string; readonly input: string },
): Promise<readonly Problem[]> {
  const check = defineCheck({
    id: 'test.kept',
    on: 'cluster',
    summary: 'A value is kept',
    input: schema,
    examples: [],
    facts: () => ({
      pods: objectFact({ ref: { apiVersion: 'v1', kind: 'Pod', name: 'x' }, parse: () => null }),
    }),
    expect: () => pass('so'),
  });
  const text = `runbook: x
version: 1
title: x
targets: { c: { kind: cluster } }
params: { ${param} }
steps: []
verify:
  - uses: test.kept
    with: ${input}
`;
  const compiled = await compileRunbook(
    { file: 'x.yaml', bytes: new TextEncoder().encode(text) },
    { library: createLibrary([check]), readInclude: () => Promise.reject(new Error('none')) },
  );
  return compiled.ok ? [] : compiled.problems;
}
