import { expect, test } from 'vitest';
import * as runbook from '../src/index.ts';

test('the public surface', () => {
  expect(Object.keys(runbook).sort()).toEqual([
    'compilePattern',
    'compileRunbook',
    'defineRunbook',
    'formatProblem',
    'isLibraryName',
    'nearest',
    'paramFault',
    'parseDuration',
    'runbookJsonSchema',
    'runbookSchemaText',
  ]);
});
