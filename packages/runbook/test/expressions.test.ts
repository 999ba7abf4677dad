import { ClawError, type Scope } from '@claw-run/core';
import { describe, expect, test } from 'vitest';
import { problemsOf, runbookOf } from './compile.ts';
import { cpuSeconds } from './cpu-seconds.ts';
import { scope } from './scope.ts';

const head = `runbook: x
version: 1
title: x
symptoms: ["'(?<account>[^']+)'"]
params:
  namespace: { type: string, default: x }
  replicas: { type: integer, default: 1 }
  ratio: { type: number, default: 1 }
  token: { type: secret, from: [prompt] }
  total-count: { type: integer, default: 1 }
targets: { cluster: { kind: cluster }, head: { kind: host } }
facts:
  worker: { uses: test.workload, with: { name: n, namespace: m } }
causes:
  rbac: { title: x, uses: test.can-i, with: { as: x, can: [x] } }
steps:
  - { id: account, uses: test.restart-workload, with: { deployment: x } }
  - { id: restart-workers, uses: test.restart-workload, with: { deployment: x } }
  - id: it
    uses: test.command-works
`;

const asStep = (value: string) =>
  `${head.replace('test.command-works', 'test.file-line')}    with: { path: /x, line: ${JSON.stringify(value)} }\n`;

const anyInput = (value: string) =>
  `${head.replace('  - id: it\n    uses: test.command-works\n', '')}  - id: it
    uses: test.service-account
    with: { name: x, namespace: n, rules: ${JSON.stringify(value)} }
`;

/** The value of an expression where any type may stand. */
async function resultOf(expression: string, seen: Scope = scope): Promise<unknown> {
  const runbook = await runbookOf(anyInput(`\${{ [${expression}] }}`).replace('rules:', 'rules:'));
  const input = runbook.steps[2]?.with(seen) as { readonly rules: readonly unknown[] };
  return input.rules[0];
}

async function errorOf(expression: string, seen?: Scope): Promise<string> {
  try {
    return `no error: ${JSON.stringify(await resultOf(expression, seen))}`;
  } catch (error) {
    if (!(error instanceof ClawError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('values', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['7 / 2', 3],
    ['7 % 4', 3],
    ['-params.replicas', -3],
    ['7.0 / 2', 3.5],
    ['params.ratio / 2', 1.5],
    ['params.replicas + 0.5', 3.5],
    ['params.replicas > params.ratio', false],
    ['params.replicas == params.ratio', true],
    ['params.replicas == 3.0', true],
    ["params.namespace + '-x'", 'prod-x'],
    ["params['namespace']", 'prod'],
    ['params.total-count + 1', 10],
    ['params.total-count - params.replicas', 6],
    ['steps.restart-workers.skipped', true],
    ['steps["restart-workers"].skipped', true],
    ['steps.account.output.uid + 1', 8],
    ['steps.account.output.list[1]', 2],
    ['facts.worker.pods.filter(p, p.ready).size()', 2],
    ["facts.worker.pods.exists(p, p.name == 'p2' && !p.ready)", true],
    ['facts.worker.pods.all(p, p.ready)', false],
    ["facts.worker.pods.exists_one(p, p.name == 'p1')", true],
    ['facts.worker.pods.map(p, p.ready, p.name)', ['p1', 'p3']],
    ["facts.worker.pods.map(p, p.name).join(', ')", 'p1, p2, p3'],
    ['facts.worker', scope.facts.worker],
    ["facts.account in ['default', 'other']", true],
    ["'uid' in steps.account.output", true],
    ["{'a': 1, 'b': [true, null]}", { a: 1, b: [true, null] }],
    ['has(facts.worker.image) ? 1 : 2', 1],
    ['has(steps.account.output.nothing)', false],
    ['has(steps.restart-workers.output.uid)', false],
    ['causes.rbac.found || steps.restart-workers.output.uid == 1', true],
    ['steps.restart-workers.output.uid == 1 || causes.rbac.found', true],
    ["params.namespace.matches('^pr.d$')", true],
    ["'a,b'.split(',')", ['a', 'b']],
    ["'Ab'.lowerAscii() + 'Ab'.upperAscii()", 'abAB'],
    ["'abc'.substring(1) + string(1) + string(true)", 'bc1true'],
    ["int('12') + size('日本')", 14],
    ["double('1.5')", 1.5],
    ['run.id + run.startedAt.substring(0, 4)', 'r12026'],
    ['targets.cluster.kind', 'cluster'],
    ["'}}' + '{'", '}}{'],
    ["r'\\d' + \"'\"", "\\d'"],
  ])('%s', async (expression, value) => {
    const more = { ...scope, params: { ...scope.params, 'total-count': 9 } };
    expect(await resultOf(expression, more)).toEqual(value);
  });
});

describe('what is not there', () => {
  test.each([
    ['steps.restart-workers.output.uid'],
    ['steps.account.output.nothing'],
    ['facts.account'],
    ['facts.worker.image.tag'],
    ['params.namespace'],
    ['1 / 0'],
    ['steps.account.output.uid + steps.account.output.list'],
    ['steps.account.output.list[9]'],
    ['9223372036854775807 + 1'],
    ['9007199254740993'],
    ["'x'.matches(facts.worker.account + '(')"],
    ['steps.account.output.uid ? 1 : 2'],
  ])('%s', async (expression) => {
    const seen = { ...scope, facts: { worker: scope.facts.worker }, params: {} };
    expect(await errorOf(expression, seen)).toMatchSnapshot();
  });
});

test('a pattern cannot hang', async () => {
  const seen = { ...scope, params: { ...scope.params, namespace: `${'a'.repeat(5000)}!` } };
  const taken = await cpuSeconds(async () => {
    expect(await resultOf("params.namespace.matches('^(a+)+$')", seen)).toBe(false);
  });
  expect(taken).toBeLessThan(5);
});

test('an evaluation that would take long is stopped', async () => {
  const pods = Array.from({ length: 2000 }, (_, n) => ({ name: `p${n}`, ready: true }));
  const seen = { ...scope, facts: { worker: { pods } } };
  const all = 'facts.worker.pods.all(a, facts.worker.pods.all(b, facts.worker.pods.all(c, a.ready)))';
  expect(await errorOf(`${all} || true`, seen)).toContain('the expression takes too long');
});

test('texts, numbers and booleans are put into a text', async () => {
  const runbook = await runbookOf(
    asStep('a ${{ params.namespace }} ${{ params.replicas }} ${{ true }}${{ params.ratio }}'),
  );
  expect(runbook.steps[2]?.with(scope)).toEqual({ path: '/x', line: 'a prod 3 true3' });
});

describe('mistakes', () => {
  test.each([
    ['params.namespce'],
    ['param.namespace'],
    ['namespace'],
    ['params'],
    ['params[run.id]'],
    ['steps.restart-wrokers.changed'],
    ['steps.it.changed'],
    ['steps.account.chnaged'],
    ['causes.rbac.fund'],
    ['run.startdAt'],
    ['facts.worker.replica'],
    ["params.replicas == 'x'"],
    ['params.namespace + params.replicas'],
    ['params.namespace && true'],
    ['params.namespace ? 1 : 2'],
    ['params.namespace.startsWith(1)'],
    ['params.namespace.startWith("x")'],
    ["len('x')"],
    ['size(1)'],
    ["'x' == params.token"],
    ['string(params.token)'],
    ['1 +'],
    ['(1'],
    ["'x"],
    ['a = b'],
    ["b'x'"],
    ["facts.account.matches('(?!x)')"],
    ['['.repeat(100)],
    ['1'.repeat(5000)],
    ['facts.worker.pods.exists(p, p.redy)'],
    ['not true'],
    ['timestamp(run.startedAt)'],
  ])('%s', async (expression) => {
    const text = anyInput(`\${{ ${expression} }}`);
    expect((await problemsOf(text)).replace(/^.*?: /, '').slice(0, 1500)).toMatchSnapshot();
  });
});
