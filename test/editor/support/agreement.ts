import type { Definition, Library } from '@claw-run/core';
import { compileRunbook } from '@claw-run/runbook';
import type { ValidateFunction } from 'ajv';
import { stringify } from 'yaml';
import type * as z from 'zod';
import { mutationsOf } from './mutations.ts';
import { faultsOf } from './validator.ts';

export interface Disagreements {
  /** What the schema refuses and the compiler takes: an editor would complain about what is right. */
  readonly stricter: readonly string[];
  /** What the compiler refuses and the schema takes, though it has words for it. */
  readonly laxer: readonly string[];
}

/** Holds the schema of a step against the compiler: for inputs, and for each of them with one thing changed. */
export async function disagreementsOf(
  definition: Definition,
  { validate, library, inputs }: { validate: ValidateFunction; library: Library; inputs: readonly unknown[] },
): Promise<Disagreements> {
  const stricter: string[] = [];
  const laxer: string[] = [];
  for (const { what, value } of inputs.flatMap(mutationsOf)) {
    const faults = faultsOf(validate, value);
    const problems = await problemsOf(definition, value, library);
    if (faults.length > 0 && problems.length === 0) stricter.push(`${what}: ${faults.join('; ')}`);
    if (faults.length === 0 && problems.length > 0 && !mayMiss(definition, value, problems))
      laxer.push(`${what}: ${problems.join('; ')}`);
  }
  return { stricter, laxer };
}

/**
 * What a schema has no words for, so that only `claw-run validate` tells it: what the expression in a text gives, rules that a
 * step's author wrote as a function (several inputs together, what stands inside of a text, what a text is converted to), and
 * what makes a URL.
 */
function mayMiss({ input }: Definition, value: unknown, problems: readonly string[]): boolean {
  if (problems.every((problem) => /the expression gives/.test(problem))) return true;
  const parsed = input.safeParse(value);
  return !parsed.success && onlyByFunction(parsed.error.issues);
}

function onlyByFunction(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(
    (issue) =>
      issue.code === 'custom' ||
      (issue.code === 'invalid_format' && issue.format === 'url') ||
      (issue.code === 'invalid_union' && issue.errors.some(onlyByFunction)),
  );
}

const sections = { state: 'steps', event: 'steps', check: 'verify', lookup: 'facts' } as const;

/** What the compiler has against an input. */
export async function problemsOf(
  { id, type, on }: Definition,
  input: unknown,
  library: Library,
): Promise<readonly string[]> {
  const use = { uses: id, on: 'here', with: input };
  const section = sections[type];
  const runbook = {
    runbook: 'one',
    version: 1,
    title: 'One use',
    params: { any: { type: 'list', default: [] } },
    targets: { here: { kind: on } },
    steps: [],
    [section]: section === 'facts' ? { it: use } : [section === 'steps' ? { id: 'it', ...use } : use],
  };
  const compiled = await compileRunbook(
    { file: 'one.yaml', bytes: Buffer.from(stringify(runbook)) },
    { library, readInclude: () => Promise.reject(new Error('nothing is included')) },
  );
  return compiled.ok ? [] : compiled.problems.map(({ message }) => message);
}
