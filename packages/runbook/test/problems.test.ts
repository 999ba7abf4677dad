import { describe, expect, test } from 'vitest';
import { compile, problemsOf } from './compile.ts';
import { cpuSeconds } from './cpu-seconds.ts';

const head = `runbook: x
version: 1
title: x
params:
  a: { type: string, default: x }
  n: { type: integer, default: 1 }
  list: { type: list, default: [] }
  token: { type: secret, from: [prompt] }
targets: { c: { kind: cluster }, h: { kind: host } }
`;
const step = (body: string) => `${head}steps:\n  - id: one\n    uses: test.restart-workload\n${body}`;

const texts: { readonly [title: string]: string | Uint8Array } = {
  'an empty file': '',
  'only comments': '# nothing\n',
  'a list': '- a\n',
  'a text': 'hello\n',
  'two documents': `${head}steps: []\n---\na: 1\n`,
  'not UTF-8': new Uint8Array([0x72, 0x75, 0x0a, 0x62, 0xe9, 0x20, 0x41]),
  'UTF-16': new Uint8Array([0xff, 0xfe, 0x72, 0]),
  'a NUL byte': 'runbook: x\0y',
  'no YAML': '{{{',
  'a file of 10 MiB': new Uint8Array(10 * 1024 * 1024).fill(35),
  'deep nesting in brackets': '['.repeat(10_000),
  'deep nesting of lists': '- '.repeat(10_000),
  'deep nesting of maps': Array.from({ length: 1000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
  'a bomb of aliases': [...'bcdefgh'].reduce(
    (all, name, n) => `${all}${name}: &${name} [${`*${'abcdefgh'[n]},`.repeat(9)}]\n`,
    `${head}steps: []\na: &a [x]\n`,
  ),
  'an alias that holds itself': `${head}steps: &a [*a]\n`,
  'an unknown alias': `${head}steps: *nowhere\n`,
  'a tag': `${head}steps:\n  - !!js/function 'x'\n  - !custom x\n`,
  'a tab': 'runbook: x\ntargets:\n\tc: 1\n',
  'keys that are no texts': `${head}steps: []\n1: x\ntrue: y\n? [a]\n: z\n`,
  'prototype keys': `${head}facts: { __proto__: { uses: test.workload }, constructor: {} }\nsteps: []\ntoString: x\n`,
  'a key twice': `${head}title: y\nsteps: []\n`,
  'Windows line ends': `${head}steps:\n  - id: one\n    uses: test.nope\n`.replaceAll('\n', '\r\n'),
  'an expression without quotes in braces': step('    with: { deployment: ${{ params.a }} }\n'),
  'an expression that YAML reads as a tag': step("    with: { deployment: x }\n    if: !params.a == 'x'\n"),
  'text around an expression in if': step('    with: { deployment: x }\n    if: "is ${{ params.a }} so"\n'),
  'a text as condition': step('    with: { deployment: x }\n    if: params.a\n'),
  'a quoted text as condition': step('    with: { deployment: x }\n    if: "\'yes\'"\n'),
  'words as condition': step('    with: { deployment: x }\n    if: always do this\n'),
  'one = in a condition': step("    with: { deployment: x }\n    if: params.a = 'x'\n"),
  'and in a condition': step("    with: { deployment: x }\n    if: params.a == 'x' and params.n > 1\n"),
  'a later step': `${step('    with: { deployment: x }\n    if: steps.two.changed\n')}  - { id: two, uses: test.restart-workload, with: { deployment: x } }\n`,
  'a secret in a text': step("    with: { deployment: '${{ params.token }}x' }\n"),
  'a secret where none is taken': step("    with: { deployment: '${{ params.token }}' }\n"),
  'a list in a text': step("    with: { deployment: 'a ${{ params.list }}' }\n"),
  'types of expressions that do not fit': step(
    "    with: { deployment: '${{ params.n }}', namespace: '${{ params.list }}' }\n",
  ),
  'no inputs': step(''),
  'wrong names of inputs': step("    with: { deploymnt: '${{ params.a }}', x: 1 }\n"),
  'an expression that is not closed': step("    with: { deployment: '${{ params.a' }\n"),
  'an empty expression': step("    with: { deployment: '${{ }}' }\n"),
  'places in folded, literal and quoted texts': step(
    '    with:\n      deployment: >-\n        aaa\n\n        bbb\n        ${{ params.x1 }} ccc\n      namespace: |\n        line\n          ${{ params.x2 }}\n    name: >\n      x\n    if: "\'\\u0041\' ==\n      params.x3"\n',
  ),
  'places behind wide characters and tabs': step("    with: { deployment: '日本🎉\t${{ params.zz }}' }\n"),
  'a long line': step(
    `    with: { deployment: '${'x'.repeat(500)} \${{ params.zz }} ${'y'.repeat(300)}' }\n`,
  ),
  'inputs of all kinds': `${head}steps:\n  - id: a\n    uses: test.service-account\n    with:\n      name: ''\n      rules: [{ verb: gte, resource: 1, x: 1 }]\n      replicas: -1\n      port: htttp\n      labels: { a: 1 }\n      token: abc\n      automount: yes\n`,
  'keys of steps': `${head}steps:\n  - id: one\n    uses: test.file-line\n    on: c\n    with: { path: x, line: x }\n  - id: one\n    uses: test.can-i\n    on: hh\n    timeout: 3\n    retry: { attempts: 0, delay: soon }\n    on-failure: rollback\n    when: x\n  - uses: test.restrt-workload\n  - id: constructor\n  - id: on_e\n  - id: on-e\n`,
  params: `runbook: X y\nversion: "1"\ntitle: x\nparams:\n  a: string\n  b: { type: strng }\n  c: { type: integer, default: x }\n  d: { type: secret, default: hunter2 }\n  e: { type: string, choices: [1], pattern: "(", from: [X] }\n  f: {}\n  g: { type: integer, pattern: x, required: true, default: 1 }\n  h: { type: string, default: '\${{ params.a }}' }\n  0: { type: string }\nsteps: {}\n`,
  targets: `${head.replace(/targets: .*/, 'targets:\n  a: { kind: pod }\n  b: { kind: host, roll-out: { batches: [0, 200%, x] } }\n  c: {}\n  d: { kind: cluster, many: maybe, port: 1 }')}steps:\n  - id: one\n    uses: test.restart-workload\n    on: b\n    with: { deployment: x }\n`,
  'a target that must be named': `${head.replace('h: { kind: host }', 'd: { kind: cluster }')}steps:\n  - { id: a, uses: test.restart-workload, with: { deployment: x } }\n  - { id: b, uses: test.file-line, with: { path: /x, line: x } }\n`,
  symptoms: `${head}steps: []\nsymptoms: ['(?<=x)y', '(a)\\1', '(', '', '.*', a]\n`,
  'facts and causes': `${head}facts:\n  w: { uses: test.can-i }\n  v: { uses: test.workload, with: { name: '\${{ facts.w.x }}', namespace: '\${{ causes.r.found }}' } }\ncauses:\n  r: { title: x, uses: test.can-i, with: { as: '\${{ steps.a.output.b }}', can: [] } }\n  s: { uses: test.workload, if: causes.r.found }\nsteps: []\n`,
  'a step in verify': `${head}steps: []\nverify:\n  - uses: test.service-account\n    timeout: 1m\n`,
  'a newer version': `${head.replace('version: 1', 'version: 2')}steps: []\n`,
  'other tools’ words': 'name: x\ninputs: {}\njobs: []\n',
  'a fragment': 'fragment: x\nversion: 1\nsteps: []\n',
};

describe('what a person reads', () => {
  test.each(Object.keys(texts))('%s', async (title) => {
    const problems = await problemsOf(texts[title] ?? '');
    expect(problems).toMatchSnapshot();
  });
});

test('of very many problems fifty are told, and the number of the others', async () => {
  const compiled = await compile(
    `${head}steps:\n${Array.from({ length: 200 }, (_, n) => `  - { id: s${n}, uses: nope }\n`).join('')}`,
  );
  const problems = compiled.ok ? [] : compiled.problems;
  expect(problems).toHaveLength(51);
  expect(problems.at(-1)?.message).toBe('and 150 more problems');
});

test('a huge file of one level is read in bounded time', async () => {
  const text = Array.from({ length: 90_000 }, (_, n) => `k${n}: 1`).join('\n');
  const taken = await cpuSeconds(async () => {
    expect(await problemsOf(text)).toContain('too long for a runbook');
  });
  expect(taken).toBeLessThan(10);
});
