import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const typed = join(import.meta.dirname, 'typed');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** What the compiler says of a project: the first line of each error, by file. */
async function compiled(project: string): Promise<readonly (readonly [file: string, said: string])[]> {
  const run = promisify(execFile)(process.execPath, [compiler, '-p', project], { cwd: typed });
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return stdout.split('\n').flatMap((line) => {
    const [, file, said] = /^(?:broken\/)?(\S+)\.ts\(\d+,\d+\): error (.*)$/.exec(line) ?? [];
    return file !== undefined && said !== undefined ? [[file, said] as const] : [];
  });
}

test('a runbook that is right compiles, resolved as bundlers do it too', async () => {
  expect(await compiled('.')).toEqual([]);
});

test('each broken runbook is told in words, in the first line', async () => {
  const errors = await compiled('broken');
  const fixtures = (await readdir(join(typed, 'broken'))).flatMap((file) =>
    file.endsWith('.ts') && file !== 'head.ts' ? [file.slice(0, -3)] : [],
  );
  expect([...new Set(errors.map(([file]) => file))].sort()).toEqual(fixtures.sort());
  expect(errors.map(([file, said]) => `${file}: ${said}`).join('\n')).toMatchInlineSnapshot(`
    "cause-none: TS2339: Property 'rbac' does not exist on type '{}'.
    cause-unknown: TS2551: Property 'rback' does not exist on type '{ readonly rbac: CauseScope; }'. Did you mean 'rbac'?
    check-as-step: TS2741: Property '[wrong]' is missing in type 'CheckStep<"host", ZodObject<{ argv: ZodArray<ZodString>; }, $strip>, { command: Fact<"host", null>; }, Record<never, never>> & { ...; }' but required in type 'Wrong<"uses: test.command-works is no state or event">'.
    fact-none: TS2339: Property 'worker' does not exist on type 'FactsScope<Record<never, never>, never>'.
    fact-unknown: TS2551: Property 'wroker' does not exist on type 'FactsScope<{ worker: Lookup<"cluster", ZodObject<{ name: ZodString; namespace: ZodString; }, $strip>, { pods: Fact<"cluster", null>; }, Record<never, never>, ZodObject<...>> & { ...; }; }, never>'. Did you mean 'worker'?
    facts-by-another-name: TS2353: Object literal may only specify known properties, and 'lookups' does not exist in type '{ readonly name: string; readonly title: string; readonly description?: string | undefined; readonly fixes?: readonly string[] | undefined; readonly symptoms?: readonly [] | undefined; readonly params?: { readonly text: ParamOptions<"string">; readonly items: ParamOptions<...>; } | undefined; ... 5 more ...; readonl...'.
    input-missing: TS2741: Property 'line' is missing in type '{ path: string; }' but required in type '{ path: string; line: string; }'.
    input-type: TS2322: Type 'number' is not assignable to type 'string'.
    input-unknown-block: TS2322: Type '({ params }: TypedScope<{ text: "string"; items: "list"; }, Record<never, never>, never, never, "line">) => { path: string; line: string; mdoe: number; }' is not assignable to type 'WithUnknownInput<"with: test.file-line has no input 'mdoe'", "mdoe">'.
    input-unknown-either: TS2322: Type '{ deployment: string; nmespace?: undefined; } | { deployment: string; nmespace: string; }' is not assignable to type 'UnknownInput<"with: test.restart-workload has no input 'nmespace'", "nmespace">'.
    input-unknown-fact: TS2322: Type 'string' is not assignable to type 'Wrong<"with: test.workload has no input 'kind'">'.
    input-unknown-function: TS2322: Type 'number' is not assignable to type 'Wrong<"with: test.file-line has no input 'mdoe'">'.
    input-unknown-nested-function: TS2741: Property '[wrong]' is missing in type '{ verb: "get"; resource: string; gruop: string; }[]' but required in type 'Wrong<"with: test.service-account has no input 'rules.gruop'">'.
    input-unknown-nested: TS2741: Property '[wrong]' is missing in type '{ verb: string; resource: string; gruop: string; }[]' but required in type 'Wrong<"with: test.service-account has no input 'rules.gruop'">'.
    input-unknown-variable: TS2322: Type '{ path: string; line: string; mdoe: number; }' is not assignable to type 'UnknownInput<"with: test.file-line has no input 'mdoe'", "mdoe">'.
    input-unknown: TS2322: Type 'number' is not assignable to type 'Wrong<"with: test.file-line has no input 'mdoe'">'.
    param-choices-integer: TS2322: Type 'string' is not assignable to type 'number | Wrong<"choices: each must be an integer">'.
    param-choices-integer: TS2322: Type 'string' is not assignable to type 'number | Wrong<"choices: each must be an integer">'.
    param-choices-string: TS2322: Type 'number' is not assignable to type 'string | Wrong<"choices: each must be a string">'.
    param-default-boolean: TS2322: Type 'string' is not assignable to type 'boolean | Wrong<"default: must be true or false"> | undefined'.
    param-default-integer: TS2322: Type 'string' is not assignable to type 'number | Wrong<"default: must be an integer"> | undefined'.
    param-default-list: TS2353: Object literal may only specify known properties, and 'a' does not exist in type 'readonly Json[] | Wrong<"default: must be a list">'.
    param-default-map: TS2322: Type 'number[]' is not assignable to type 'Wrong<"default: must be a map"> | { readonly [key: string]: Json | undefined; } | undefined'.
    param-default-secret: TS2322: Type 'string' is not assignable to type 'Secret | Wrong<"default: must be a Secret"> | undefined'.
    param-default-string: TS2322: Type 'number' is not assignable to type 'string | Wrong<"default: must be a string"> | undefined'.
    param-unknown: TS2339: Property 'txet' does not exist on type 'ParamsScope<{ text: "string"; items: "list"; }>'.
    step-unknown: TS2339: Property 'lnie' does not exist on type '{ readonly line: TypedStepScope; }'.
    target-kind-cause: TS2322: Type '"head"' is not assignable to type '"cluster" | Wrong<"on: test.can-i works on a cluster; target 'head' is a host"> | undefined'.
    target-kind: TS2322: Type '"cluster"' is not assignable to type '"head" | Wrong<"on: test.file-line works on a host; target 'cluster' is a cluster"> | undefined'.
    target-missing: TS2741: Property '[wrong]' is missing in type 'StateStep<"host", ZodObject<{ path: ZodString; line: ZodString; }, $strip>, { command: Fact<"host", null>; }, Record<never, never>> & { ...; }' but required in type 'Wrong<"uses: test.file-line works on a host; no target is a host">'.
    target-unknown: TS2322: Type '"haed"' is not assignable to type '"head" | Wrong<"on: test.file-line works on a host; target 'cluster' is a cluster"> | undefined'."
  `);
  for (const [, said] of errors) expect(said.length).toBeLessThan(450);
});
