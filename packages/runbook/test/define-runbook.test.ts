import { ClawError, type Scope, Secret } from '@claw-run/core';
import { expect, expectTypeOf, test } from 'vitest';
import { defineRunbook } from '../src/index.ts';
import { canI, commandWorks, fileLine, restartWorkload, serviceAccount, workload } from './library.ts';

const runbook = defineRunbook({
  name: 'worker-denied',
  title: 'Workers are denied',
  fixes: ['clw-worker-denied'],
  symptoms: ["account '(?<account>[^']+)' lacks '(?P<role>[^']+)'"],
  params: {
    namespace: { type: 'string', default: 'production' },
    replicas: { type: 'integer', default: 2 },
    token: { type: 'secret', from: ['env:TOKEN'] },
  },
  targets: { cluster: { kind: 'cluster' }, head: { kind: 'host', default: 'local' } },
  lookups: {
    worker: { uses: workload, with: ({ params }) => ({ name: 'w', namespace: params.namespace }) },
  },
  causes: {
    rbac: {
      title: 'The role is missing',
      uses: canI,
      with: ({ facts }) => ({ as: facts.account, can: [facts.worker.account] }),
    },
  },
  steps: {
    account: {
      uses: serviceAccount,
      if: ({ causes }) => causes.rbac.found,
      with: ({ params }) => {
        expectTypeOf(params.namespace).toEqualTypeOf<string>();
        expectTypeOf(params.replicas).toEqualTypeOf<number>();
        expectTypeOf(params.token).toEqualTypeOf<Secret>();
        return { name: 'a', namespace: params.namespace, token: params.token };
      },
      timeout: '3m',
      retry: { attempts: 2, delay: '2s' },
    },
    restart: {
      uses: restartWorkload,
      if: ({ steps, causes }) => steps.account.changed || causes.rbac.found,
      with: { deployment: 'w' },
      onFailure: 'stop',
    },
  },
  verify: {
    works: { uses: commandWorks, with: { argv: ['true'] }, within: '1m' },
  },
});

const scope: Scope = {
  params: { namespace: 'prod', replicas: 2, token: new Secret('s3cret') },
  targets: {},
  facts: { account: 'default', worker: { account: 'w' } },
  causes: { rbac: { found: true, excluded: false, unknown: false } },
  steps: { account: { changed: true, skipped: false } },
  run: { id: 'r', startedAt: '2026-01-01T00:00:00Z', dryRun: true },
};

test('a runbook in TypeScript is the same model', () => {
  expect(runbook.steps.map(({ id, on, needs }) => ({ id, on, needs }))).toEqual([
    {
      id: 'account',
      on: 'cluster',
      needs: ['params.namespace', 'params.replicas', 'params.token', 'causes.rbac'],
    },
    { id: 'restart', on: 'cluster', needs: ['steps.account', 'causes.rbac'] },
  ]);
  expect(runbook.steps[0]?.with(scope)).toEqual({ name: 'a', namespace: 'prod', token: scope.params.token });
  expect(runbook.steps[0]).toMatchObject({
    timeoutSeconds: 180,
    retry: { attempts: 2, delaySeconds: 2, backoff: 1 },
  });
  expect(runbook.causes[0]?.needs).toEqual(['facts.account', 'facts.worker']);
  expect(runbook.verify[0]).toMatchObject({ id: 'works', on: 'head', withinSeconds: 60 });
  expect(runbook.symptoms[0]?.match("x\naccount 'a' lacks 'b'")).toEqual({ account: 'a', role: 'b' });
});

test('names and inputs are checked by the compiler', () => {
  const targets = { cluster: { kind: 'cluster' } } as const;
  const define = () =>
    defineRunbook({
      name: 'x',
      title: 'x',
      params: { namespace: { type: 'string', default: 'x' } },
      targets,
      causes: { rbac: { title: 'x', uses: canI, with: { as: 'x', can: ['x'] } } },
      steps: {
        // @ts-expect-error no such parameter
        one: { uses: restartWorkload, with: ({ params }) => ({ deployment: params.nmespace }) },
        // @ts-expect-error no such cause
        two: { uses: restartWorkload, with: { deployment: 'x' }, if: ({ causes }) => causes.rback.found },
        // @ts-expect-error no such step
        three: { uses: restartWorkload, with: { deployment: 'x' }, if: ({ steps }) => steps.oen.changed },
        // @ts-expect-error a wrong input
        four: { uses: restartWorkload, with: { deployment: 3 } },
        // @ts-expect-error no such target
        five: { uses: restartWorkload, on: 'clutser', with: { deployment: 'x' } },
      },
    });
  expect(define).toThrow(ClawError);
  defineRunbook({
    name: 'x',
    title: 'x',
    targets,
    steps: {
      // @ts-expect-error a check is no step
      six: { uses: canI, with: { as: 'x', can: ['x'] } },
    },
  });
});

test('what types cannot see is told all at once', () => {
  const define = () =>
    defineRunbook({
      name: 'Worker Denied',
      title: 'x',
      symptoms: ['(?=x)'],
      params: { n: { type: 'integer', default: 'x' } },
      targets: { cluster: { kind: 'cluster' } },
      steps: {
        line: { uses: fileLine, on: 'cluster', with: { path: 'etc', line: 'x' }, timeout: 'soon' },
        other: { uses: restartWorkload, with: ({ steps }) => ({ deployment: String(steps.last.changed) }) },
        last: { uses: restartWorkload, with: { deployment: 'x' } },
      },
    });
  let problems: readonly string[] = [];
  try {
    define();
  } catch (error) {
    problems = error instanceof ClawError ? error.problems.map((problem) => problem.message) : [];
  }
  expect(problems).toMatchInlineSnapshot(`
    [
      "\`Worker Denied\` cannot name a runbook: lower-case words joined by \`-\`",
      "the symptom \`(?=x)\` is not RE2: RE2 has no lookahead and no lookbehind, so that every pattern is fast",
      "\`default\` of \`params.n\` must be an integer, this is the text \`x\`",
      "\`with.path\` of \`steps.line\` must start with "/"",
      "\`cluster\` is a cluster; \`test.file-line\` of \`steps.line\` works on a host",
      "\`timeout\` of \`steps.line\` must be a duration such as \`30s\`, \`3m\` or \`1h\`, this is \`soon\`",
      "\`steps.other\` uses \`steps.last\`, which is not before it",
    ]
  `);
});
