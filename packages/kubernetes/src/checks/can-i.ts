import { defineCheck, type Fact, fail, pass, reviewFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { name } from '../inputs.ts';
import { at, count, listed, textAt } from '../lib/json-at.ts';

const question = /^(\S+) (?:(\/\S*)|(\*|[a-z0-9-]+)((?:\.[a-z0-9-]+)*)(?:\/([a-z0-9*-]+))?(?: (\S+))?)$/i;

const input = z.strictObject({
  as: z.string().min(1).describe('The user, such as system:serviceaccount:production:openclaw-worker-sa'),
  groups: z.array(z.string()).default([]).describe('His groups; those of a service account are added'),
  can: z
    .array(
      z
        .string()
        .regex(
          question,
          'must be a verb and a resource: get jobs.openclaw.io, get pods/log, get configmaps worker-config, get /healthz',
        ),
    )
    .min(1)
    .describe('What he must be allowed: verb, resource[.group][/subresource], name if it matters'),
  namespace: name.optional().describe('Where; the namespace of the service account where absent'),
  'all-namespaces': z
    .boolean()
    .default(false)
    .describe('In every namespace, or for resources that belong to none'),
});

type Input = z.output<typeof input>;
type Answer = { readonly allowed: boolean | null; readonly reason: string };

export const canI = defineCheck({
  id: 'kubernetes.can-i',
  on: 'cluster',
  summary: 'Someone may do something in the cluster',
  description:
    'Asks the API server (SubjectAccessReview), so that every authorizer has its say. Asking for somebody else needs ' +
    '`create subjectaccessreviews`.',
  input,
  examples: [
    {
      title: 'What OpenClaw asks of a worker',
      with: {
        as: 'system:serviceaccount:production:openclaw-worker-sa',
        can: [
          'get jobs.openclaw.io',
          'update tasks.openclaw.io',
          'get pods/log',
          'create deployments.apps/scale',
        ],
      },
    },
  ],
  facts: (input): { [K in `can ${string}`]: Fact<'cluster', Answer> } =>
    Object.fromEntries(input.can.map((one) => [`can ${one}`, access(input, one)])),
  expect: (input, seen) => {
    const answers = input.can.map((one) => ({
      can: one,
      ...(seen[`can ${one}`] ?? { allowed: null, reason: '' }),
    }));
    const denied = answers.filter((one) => one.allowed === false).map((one) => one.can);
    if (denied.length > 0) return fail(`${input.as} may not ${listed(denied)}`, answers);
    const open = answers.filter((one) => one.allowed === null).map((one) => one.can);
    if (open.length > 0)
      return unknown(`the API server does not say whether ${input.as} may ${listed(open)}`, answers);
    return pass(
      `${input.as} may do ${answers.length === 1 ? answers[0]?.can : `all ${count(answers.length, 'thing')}`}`,
      answers,
    );
  },
});

function access(input: Input, can: string): Fact<'cluster', Answer> {
  const [, verb = '', url, resource = '', group = '', subresource, named] = question.exec(can) ?? [];
  const home = /^system:serviceaccount:([^:]+):/.exec(input.as)?.[1];
  const namespace = input['all-namespaces'] ? undefined : (input.namespace ?? home);
  const attributes = {
    verb,
    group: group.slice(1),
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(named === undefined ? {} : { name: named }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return reviewFact({
    key: `${input.as} can ${can}${namespace === undefined ? '' : ` in ${namespace}`}`,
    review: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: input.as,
        groups: [...input.groups, ...(home === undefined ? [] : accountGroups(home))],
        ...(url === undefined
          ? { resourceAttributes: attributes }
          : { nonResourceAttributes: { verb, path: url } }),
      },
    },
    parse: (answer) => {
      const allowed = at(answer, 'status', 'allowed');
      const reason = textAt(answer, 'status', 'reason') ?? textAt(answer, 'status', 'evaluationError') ?? '';
      return { allowed: typeof allowed === 'boolean' ? allowed : null, reason };
    },
  });
}

function accountGroups(namespace: string): readonly string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
}
