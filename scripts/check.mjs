// What `npm test` runs once the workspace is ready: types, style, unused code, tests. Further words go to vitest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const node = join(modules, 'node', 'bin', 'node');
const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH}` };

/** @type {readonly { name: string, words: readonly string[] }[]} */
const stages = [
  { name: 'types', words: [join(modules, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'] },
  { name: 'style', words: [join(modules, '@biomejs', 'biome', 'bin', 'biome'), 'ci', '.'] },
  { name: 'generated pages', words: ['scripts/docs.ts', '--check'] },
  { name: 'unused code', words: [join(modules, 'knip', 'bin', 'knip.js')] },
  {
    name: 'tests',
    words: [
      join(modules, 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      'packages',
      '--project',
      'cli',
      // half of a test's time is waiting for processes and connections
      `--maxWorkers=${Math.min(availableParallelism() * 2, 16)}`,
      '--reporter=default',
      '--reporter=./test/support/slowest.ts',
      ...process.argv.slice(2),
    ],
  },
];

const failed = stages.filter(({ name, words }) => {
  const since = performance.now();
  console.error(`\n== ${name}`);
  if (!existsSync(words[0] ?? '')) throw new Error(`${words[0]} is missing: run node scripts/setup.mjs`);
  const { status } = spawnSync(node, words, { cwd: root, env, stdio: 'inherit' });
  console.error(
    `== ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - since) / 1000).toFixed(1)} s`,
  );
  return status !== 0;
});

if (failed.length > 0) {
  console.error(`\nFAILED: ${failed.map(({ name }) => name).join(', ')}`);
  process.exitCode = 1;
}
