import { expect, test } from 'vitest';
import { problemsOf } from './compile.ts';
import { cpuSeconds } from './cpu-seconds.ts';

const head = 'runbook: x\nversion: 1\ntitle: x\ntargets: { c: { kind: cluster } }\n';
const step = (body: string) => `${head}steps:\n  - id: a\n    uses: test.restart-workload\n${body}`;

const files: { readonly [title: string]: string } = {
  'a huge scalar': `${head}steps: []\ndescription: ${'x'.repeat(900_000)}\n`,
  'brackets without end in an expression': step(`    if: ${'('.repeat(3000)}\n`),
  'very many expressions in a text': step(`    with: { deployment: "${'${{ 1 }}'.repeat(100_000)}" }\n`),
  'very many openings': step(`    with: { deployment: "${'${{ x '.repeat(100_000)}" }\n`),
  'an expression behind very many escapes': step(
    `    with: { deployment: "${'\\n'.repeat(200_000)} \${{ y }}" }\n`,
  ),
  'an expression behind very many empty lines': step(
    `    with:\n      deployment: >\n        x\n${'\n'.repeat(300_000)}        \${{ y }}\n`,
  ),
  'very many steps': `${head}steps:\n${Array.from({ length: 4000 }, (_, n) => `  - {id: s${n}, uses: test.restart-workload, with: {deployment: x}}\n`).join('')}`,
  'very many anchors': `${head}steps: []\n${Array.from({ length: 20_000 }, (_, n) => `k${n}: &a${n} x`).join('\n')}`,
  'very many indicators': '? '.repeat(500_000),
  'very many anchors of one value': '&a '.repeat(300_000),
  'backslashes without end': `"${'\\'.repeat(900_000)}`,
  'patterns that grow': `${head}steps: []\nsymptoms: ['(a{1000}){1000}', '((((a{100}){100}){100}){100})']\n`,
};

test.each(Object.keys(files))('%s: answered soon, in few words', async (title) => {
  const taken = await cpuSeconds(async () => {
    const problems = await problemsOf(files[title] ?? '');
    expect(problems.length).toBeLessThan(20_000);
  });
  expect(taken).toBeLessThan(10);
});

test('a file cannot write to the terminal of whoever reads its problems', async () => {
  const text = `"\\e[31m": 1\n"\\u009b2J": [\u001b]\nrunbook: "\\e]0;x\\a"\nversion: "\u0085"\n`;
  expect((await problemsOf(text)).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
