import { defineCheck, fail, nameOf, pass } from '@claw-run/core';
import * as z from 'zod';
import { storedObject } from '../facts/stored-object.ts';
import { name } from '../inputs.ts';
import { count, listAt, listed } from '../lib/json-at.ts';
import { lackingGrants, rule } from '../rbac/rules.ts';

const input = z
  .strictObject({
    role: name.optional().describe('Name of a Role'),
    namespace: name.optional().describe('Namespace of the Role'),
    'cluster-role': name.optional().describe('Name of a ClusterRole, instead of a Role'),
    rules: z.array(rule).min(1).describe('What it must allow'),
  })
  .refine(
    (it) => (it.role === undefined) !== (it['cluster-role'] === undefined),
    'give either role or cluster-role',
  )
  .refine(
    (it) => (it.role === undefined) === (it.namespace === undefined),
    'a role has a namespace, a cluster-role none',
  );

type Input = z.output<typeof input>;

export const rules = defineCheck({
  id: 'kubernetes.rules',
  on: 'cluster',
  summary: 'A Role or ClusterRole allows what is asked for',
  description:
    'Compared as the RBAC authorizer reads rules. Whether somebody was given the role is for `kubernetes.can-i`.',
  input,
  examples: [
    {
      title: 'The role of the workers',
      with: {
        'cluster-role': 'openclaw-worker',
        rules: [{ groups: ['openclaw.io'], resources: ['jobs'], verbs: ['get'] }],
      },
    },
  ],
  facts: (input) => ({ role: storedObject(ref(input)) }),
  expect: (input, seen) => {
    const name = nameOf(ref(input));
    if (seen.role === null) return fail(`there is no ${name}`);
    const stored = listAt(seen.role, 'rules');
    const lacking = lackingGrants(stored, input.rules);
    return lacking.length === 0
      ? pass(`${name} allows what is asked for by ${count(stored.length, 'rule')}`, { rules: stored })
      : fail(`${name} does not allow ${listed(lacking)}`, { lacking, rules: stored });
  },
});

function ref(input: Input) {
  const { role, namespace, 'cluster-role': clusterRole = '' } = input;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return role === undefined
    ? { apiVersion, kind: 'ClusterRole', name: clusterRole }
    : { apiVersion, kind: 'Role', name: role, ...(namespace === undefined ? {} : { namespace }) };
}
