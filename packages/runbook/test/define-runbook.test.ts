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
  facts: {
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
  const check = () =>
    defineRunbook({
      name: 'x',
      title: 'x',
      targets,
      steps: {
        // @ts-expect-error a check is no step
        six: { uses: canI, with: { as: 'x', can: ['x'] } },
      },
    });
  expect(check).toThrow('`test.can-i` of `steps.six` is no state or event');
});

test('what types cannot see, and what JavaScript does not, is told all at once', () => {
  const options = {
    name: 'Worker Denied',
    title: 'x',
    symptoms: ['(?=x)'],
    params: {
      n: { type: 'integer', default: 'x', choices: [1, 'two'] },
    },
    targets: { cluster: { kind: 'cluster' } },
    lookups: {},
    facts: { worker: { uses: canI, with: { as: 'x', can: ['x'] } } },
    steps: {
      line: { uses: fileLine, on: 'cluster', with: { path: 'etc', line: 'x', mdoe: 3 }, timeout: 'soon' },
      local: { uses: fileLine, with: { path: '/x', line: 'x' } },
      account: {
        uses: serviceAccount,
        with: { name: 'a', namespace: 'b', labels: { any: 'x' }, rules: [{ verb: 'get', resourc: 'x' }] },
      },
      other: {
        uses: restartWorkload,
        whit: {},
        with: ({ steps }: Scope) => ({ deployment: String(steps.last?.changed) }),
      },
      last: { uses: restartWorkload, on: 'clutser', with: { deployment: 'x' } },
    },
  };
  let problems: readonly string[] = [];
  try {
    defineRunbook(options as never);
  } catch (error) {
    problems =
      error instanceof ClawError ? error.problems.map(({ message, hint }) => `${message} | ${hint}`) : [];
  }
  expect(problems).toMatchInlineSnapshot(`
    [
      "\`Worker Denied\` cannot name a runbook: lower-case words joined by \`-\` | undefined",
      "the runbook \`Worker Denied\` has no \`lookups\` | there are: \`name\`, \`title\`, \`description\`, \`fixes\`, \`symptoms\`, \`params\`, \`targets\`, \`onFailure\`, \`facts\`, \`causes\`, \`steps\`, \`verify\`",
      "the symptom \`(?=x)\` is not RE2: RE2 has no lookahead and no lookbehind, so that every pattern is fast | undefined",
      "\`default\` of \`params.n\` must be an integer, this is the text \`x\` | undefined",
      "a choice of \`params.n\` must be an integer, this is the text \`two\` | undefined",
      "\`test.can-i\` of \`facts.worker\` is no lookup | undefined",
      "\`with.path\` of \`steps.line\` must start with "/" | undefined",
      "\`test.file-line\` of \`steps.line\` has no input \`mdoe\` | there are: \`path\`, \`line\`",
      "\`cluster\` is a cluster; \`test.file-line\` of \`steps.line\` works on a host | undefined",
      "\`on\` of \`steps.local\` is missing: \`test.file-line\` works on a host | add one to \`targets\`",
      "\`steps.account\` needs \`with.rules.0.resource\` | undefined",
      "\`test.service-account\` of \`steps.account\` has no input \`rules.0.resourc\` | did you mean \`resource\`?",
      "\`steps.other\` has no \`whit\` | there are: \`uses\`, \`on\`, \`name\`, \`title\`, \`with\`, \`if\`, \`needs\`, \`timeout\`, \`within\`, \`retry\`, \`onFailure\`",
      "there is no target \`clutser\`, which \`steps.last\` names | did you mean \`cluster\`?",
      "\`timeout\` of \`steps.line\` must be a duration such as \`30s\`, \`3m\` or \`1h\`, this is \`soon\` | undefined",
      "\`steps.other\` uses \`steps.last\`, which is not before it | undefined",
    ]
  `);
});

test('inputs that the step does not have are seen too where a function gives them', () => {
  const made = defineRunbook({
    name: 'x',
    title: 'x',
    targets: { head: { kind: 'host' } },
    steps: { line: { uses: fileLine, with: (() => ({ path: '/x', line: 'x', lien: 'x' })) as () => never } },
  });
  expect(() => made.steps[0]?.with(scope)).toThrow(
    expect.objectContaining({
      code: 'input-invalid',
      message: '`test.file-line` of `line` has no input `lien`',
      hint: 'did you mean `line`?',
    }),
  );
});
