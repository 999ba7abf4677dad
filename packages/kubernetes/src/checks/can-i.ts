import {
  defineCheck,
  type Fact,
  fail,
  type Json,
  pass,
  reviewFact,
  rightsFact,
  unknown,
} from '@claw-run/core';
import * as z from 'zod';
import { name } from '../inputs.ts';
import { at, count, listed, textAt } from '../lib/json-at.ts';
import { allows } from '../rbac/rules.ts';

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
    'Asks for all his rights at once where we may ask in his name (`impersonate`), and for each that is not listed by a ' +
    'SubjectAccessReview of its own (`create subjectaccessreviews`), so that every authorizer has its say.',
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
  facts: (input): { [K in `rights ${string}`]: Fact<'cluster', readonly Json[]> } => {
    const namespace = namespaceOf(input);
    return namespace === undefined ? {} : { [`rights ${namespace}`]: listedRights(input, namespace) };
  },
  moreFacts: (input, seen): { [K in `can ${string}`]: Fact<'cluster', Answer> } => {
    const open = input.can.filter((one) => !isListed(input, seen, one));
    return Object.fromEntries(open.map((one) => [`can ${one}`, access(input, one)]));
  },
  expect: (input, seen) => {
    const answers = input.can.map((can) => {
      const asked = seen[`can ${can}`] ?? { allowed: null, reason: '' };
      return {
        can,
        ...(isListed(input, seen, can) ? { allowed: true, reason: 'listed among his rights' } : asked),
      };
    });
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
  const { verb, group, resource, subresource, name, url } = asked(can);
  const namespace = namespaceOf(input);
  const attributes = {
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return reviewFact({
    key: `${input.as} can ${can}${namespace === undefined ? '' : ` in ${namespace}`}`,
    review: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: input.as,
        groups: groupsOf(input),
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

/** What he may do in a namespace, in one request; nothing where we may not ask in his name. */
function listedRights(input: Input, namespace: string): Fact<'cluster', readonly Json[]> {
  return rightsFact({
    key: `rights of ${input.as} in ${namespace}`,
    rights: { user: input.as, groups: groupsOf(input), namespace },
    parse: (rights) => [...(rights?.resourceRules ?? []), ...(rights?.nonResourceRules ?? [])],
  });
}

/** A right that is listed is there; one that is not has to be asked for. */
function isListed(
  input: Input,
  seen: { readonly [K in `rights ${string}`]: readonly Json[] },
  can: string,
): boolean {
  const { verb, group, resource, subresource, name, url } = asked(can);
  const grant = {
    verb,
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
  };
  return (seen[`rights ${namespaceOf(input) ?? ''}`] ?? []).some((rule) => allows(rule, grant));
}

function asked(can: string) {
  const [, verb = '', url, resource = '', group = '', subresource, name] = question.exec(can) ?? [];
  return { verb, url, resource, group: group.slice(1), subresource, name };
}

function namespaceOf(input: Input): string | undefined {
  return input['all-namespaces'] ? undefined : (input.namespace ?? homeOf(input));
}

function groupsOf(input: Input): readonly string[] {
  const home = homeOf(input);
  const account = ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'];
  return home === undefined ? input.groups : [...input.groups, ...account];
}

/** The namespace of a service account. */
function homeOf(input: Input): string | undefined {
  return /^system:serviceaccount:([^:]+):/.exec(input.as)?.[1];
}
