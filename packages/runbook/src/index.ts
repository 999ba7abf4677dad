export { type Compiled, type CompileOptions, compileRunbook } from './compile-runbook.ts';
export { parseDuration } from './duration.ts';
export { formatProblem } from './format-problem.ts';
export { nearest } from './nearest.ts';
export { paramFault } from './params.ts';
export { compilePattern, type Pattern, type PatternResult } from './regex.ts';
