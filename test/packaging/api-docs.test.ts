import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/programs.ts';
import { call } from './support/call.ts';

test('the reference says what the packages export', async () => {
  const { exit, stderr } = await call(process.execPath, [join(root, 'scripts', 'api-docs.ts'), '--check'], {
    mayFail: true,
  });
  expect(stderr).toBe('');
  expect(exit).toBe(0);
});
