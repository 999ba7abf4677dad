import { Secret } from '@claw-run/core';
import { expect, test } from 'vitest';
import { problemsOf, runbookOf } from './compile.ts';
import { scope } from './scope.ts';
import { workerDenied } from './worker-denied.ts';

test('a runbook that uses all of the language compiles to the model', async () => {
  const runbook = await runbookOf(workerDenied);
  expect(runbook).toMatchObject({
    name: 'worker-denied',
    title: 'Worker registration rejected',
    fixes: ['clw-worker-denied'],
    onFailure: 'roll-back',
    sources: { 'x.yaml': workerDenied },
  });
  expect(runbook.params.map(({ position: _, ...param }) => param)).toEqual([
    {
      name: 'namespace',
      type: 'string',
      default: 'production',
      summary: 'Namespace of the workers',
      from: [],
      required: false,
    },
    { name: 'replicas', type: 'integer', default: 3, from: [], required: false },
    { name: 'ratio', type: 'number', default: 0.5, from: [], required: false },
    { name: 'token', type: 'secret', from: ['env:CLAW_TOKEN', 'prompt'], required: false },
  ]);
  expect(runbook.targets.map(({ position: _, ...target }) => target)).toEqual([
    { name: 'cluster', kind: 'cluster', many: false },
    { name: 'operator', kind: 'host', many: false, default: 'local' },
    {
      name: 'workers',
      kind: 'host',
      many: true,
      rollOut: { batches: ['1', '10%', '100%'], stopWhenFailed: 1, pauseSeconds: 10 },
    },
  ]);
  const uses = [...runbook.lookups, ...runbook.causes, ...runbook.steps, ...runbook.verify];
  expect(uses.map(({ id, on, ifText, needs }) => [id, on, ifText, needs.join(' ')])).toMatchInlineSnapshot(`
    [
      [
        "worker",
        "cluster",
        undefined,
        "params.namespace",
      ],
      [
        "rbac",
        "cluster",
        undefined,
        "params.namespace facts.account",
      ],
      [
        "account",
        "cluster",
        "causes.rbac.found && facts.worker.replicas >= params.ratio",
        "params.namespace params.replicas params.token causes.rbac facts.worker params.ratio",
      ],
      [
        "restart-workers",
        "cluster",
        "steps.account.changed || causes.rbac.found",
        "params.namespace steps.account causes.rbac",
      ],
      [
        "line",
        "workers",
        "steps.restart-workers.changed",
        "facts.worker params.replicas steps.restart-workers",
      ],
      [
        "every-worker-is-ready",
        "operator",
        undefined,
        "params.namespace",
      ],
      [
        "restart-workload",
        "cluster",
        undefined,
        "",
      ],
    ]
  `);
  expect(uses.map((use) => [use.if?.(scope), use.with(scope)])).toMatchInlineSnapshot(`
    [
      [
        undefined,
        {
          "name": "openclaw-worker",
          "namespace": "prod",
        },
      ],
      [
        undefined,
        {
          "as": "system:serviceaccount:prod:default",
          "can": [
            "get jobs.openclaw.io",
            "update tasks.openclaw.io",
          ],
        },
      ],
      [
        true,
        {
          "name": "openclaw-worker-sa",
          "namespace": "prod",
          "replicas": 4,
          "token": "‹secret›",
        },
      ],
      [
        true,
        {
          "deployment": "openclaw-worker",
          "namespace": "prod",
        },
      ],
      [
        false,
        {
          "line": "a p1,p3
    b 3
    ",
          "path": "/etc/x",
        },
      ],
      [
        undefined,
        {
          "argv": [
            "openclaw",
            "prod",
          ],
        },
      ],
      [
        undefined,
        {
          "deployment": "probe",
        },
      ],
    ]
  `);
  expect(runbook.steps[1]).toMatchObject({
    timeoutSeconds: 180,
    retry: { attempts: 3, delaySeconds: 2, backoff: 2 },
    onFailure: 'stop',
    position: { file: 'x.yaml', line: 48, column: 9 },
  });
  expect(runbook.verify[0]).toMatchObject({ withinSeconds: 120, name: 'Every worker is READY' });
});

test('symptoms give the named groups of the first line that matches', async () => {
  const { symptoms } = await runbookOf(workerDenied);
  const log = "one\r\nservice account 'default' does not have required cluster role 'openclaw-worker' x\r\n";
  expect(symptoms.map((symptom) => symptom.match(log))).toEqual([
    undefined,
    { account: 'default', role: 'openclaw-worker' },
  ]);
});

test('a secret passes through untouched', async () => {
  const { steps } = await runbookOf(workerDenied);
  const input = steps[0]?.with(scope) as { readonly token: unknown };
  expect(input.token).toBe(scope.params.token);
  expect(input.token).toBeInstanceOf(Secret);
});

test('Windows line ends and a byte order mark change nothing', async () => {
  const runbook = await runbookOf(`\ufeff${workerDenied.replaceAll('\n', '\r\n')}`);
  expect(runbook.steps.map((step) => step.id)).toEqual(['account', 'restart-workers', 'line']);
  expect(runbook.steps[2]?.with(scope)).toEqual({ path: '/etc/x', line: 'a p1,p3\nb 3\n' });
});

test('anchors, aliases and merge keys are YAML as everywhere', async () => {
  const runbook = await runbookOf(`runbook: x
version: 1
title: x
targets: { c: { kind: cluster } }
steps:
  - &one
    id: one
    uses: test.restart-workload
    with: &with { deployment: d, namespace: n }
  - <<: *one
    id: two
    with: { <<: *with, namespace: m }
`);
  expect(runbook.steps.map((step) => [step.id, step.with(scope)])).toEqual([
    ['one', { deployment: 'd', namespace: 'n' }],
    ['two', { deployment: 'd', namespace: 'm' }],
  ]);
});

test('what is declared and never used is a warning', async () => {
  const text = workerDenied.replace('token: ${{ params.token }}', 'automount: true');
  expect(await problemsOf(text)).toMatchInlineSnapshot(`
    "ok, but
    x.yaml:16:3: \`params.token\` is never used
      16 |   token: { type: secret, from: [env:CLAW_TOKEN, prompt] }
         |   ^^^^^"
  `);
});
