export { type Compiled, type CompileOptions, compileRunbook } from './compile-runbook.ts';
export { defineRunbook } from './define-runbook.ts';
export type { ParamOptions, TargetOptions, TypedScope } from './define-types.ts';
export { parseDuration } from './duration.ts';
export { formatProblem } from './format-problem.ts';
export { runbookJsonSchema } from './json-schema.ts';
export { nearest } from './nearest.ts';
export { paramFault } from './params.ts';
export { compilePattern, type Pattern, type PatternResult } from './regex.ts';
