import {
  type ClusterAction,
  type ClusterObject,
  defineState,
  nameOf,
  type ObjectRef,
  objectFact,
  refused,
} from '@claw-run/core';
import * as z from 'zod';
import { fieldPatch, withoutValue, withValue } from '../actions/field-actions.ts';
import { normalForm } from '../facts/normal-form.ts';
import { name, path, state } from '../inputs.ts';
import { isMap, listAt, textAt } from '../lib/json-at.ts';
import { leaves } from '../lib/leaves.ts';
import { type Found, follow, parsePath, valueAt } from '../lib/path.ts';

const input = z.strictObject({
  'api-version': z
    .string()
    .regex(/^[^/]+\/[^/]+$/, 'must be group/version')
    .describe('Such as openclaw.io/v1'),
  kind: z.string().describe('Kind of the resource, such as Job'),
  name: name.describe('Name of the resource'),
  namespace: name.optional().describe('Its namespace, unless it belongs to none'),
  spec: z
    .record(z.string(), z.json())
    .default({})
    .describe('Fields of its spec; others are kept, null takes one away'),
  'wait-for': z
    .union([
      z.strictObject({
        type: z.string().describe('Type of a condition'),
        equals: z.string().default('True'),
      }),
      z.strictObject({ path: path.describe('Such as status.state'), equals: z.json() }),
    ])
    .optional()
    .describe('What its controller has to bring about'),
  state,
});

type Input = z.output<typeof input>;

export const customResource = defineState({
  id: 'kubernetes.custom-resource',
  on: 'cluster',
  summary: 'A custom resource has the given spec, and its controller has acted on it',
  description:
    'Lists in the spec are taken as a whole. With `wait-for`, it is not settled before the condition is as wanted.',
  risk: 'routine',
  settlesWithinSeconds: 120,
  input,
  examples: [
    {
      title: 'A worker pool, once it is ready',
      with: {
        'api-version': 'example.org/v1',
        kind: 'Pool',
        name: 'workers',
        namespace: 'production',
        spec: { size: 3 },
        'wait-for': { type: 'Ready' },
      },
    },
  ],
  facts: (input) => ({
    resource: objectFact({
      key: `${nameOf(ref(input))} spec`,
      ref: ref(input),
      parse: (object) => (object === null ? null : fieldsOf(object, input)),
    }),
    condition: objectFact({
      key: `${nameOf(ref(input))} condition`,
      ref: ref(input),
      parse: (object) => (object === null ? null : conditionOf(object, input)),
    }),
  }),
  desire: (input, seen) => {
    if (input.state === 'absent') return { resource: null, condition: null };
    const condition = input['wait-for'] === undefined ? null : input['wait-for'].equals;
    const now = seen.resource ?? fieldsOf(created(input), input);
    const lost = Object.entries(now).find(([, field]) => 'unresolved' in field);
    if (lost !== undefined)
      return refused(`${lost[0]} leads nowhere in ${nameOf(ref(input))}`, 'correct `spec`');
    const wanted = leaves(input.spec, 'spec').flatMap(({ path, value }) => {
      const field = now[path];
      return field === undefined
        ? []
        : [[path, value === null ? withoutValue(field) : withValue(field, value)] as const];
    });
    return { resource: Object.fromEntries(wanted), condition };
  },
  actions: (from, to, input): readonly ClusterAction[] => {
    if (to.resource === null) return from.resource === null ? [] : [{ do: 'delete', ref: ref(input) }];
    if (from.resource === null) return [{ do: 'create', object: wholeOf(to.resource) ?? created(input) }];
    const patch = fieldPatch(from.resource, to.resource);
    return patch.length === 0 ? [] : [{ do: 'patch', ref: ref(input), patch }];
  },
});

/** The place of the whole object, where it is to be taken away: undo needs all of it. */
const whole = '';

type Fields = { readonly [path: string]: Found };

function fieldsOf(object: ClusterObject, input: Input): Fields {
  if (input.state === 'absent') return { [whole]: { at: whole, value: normalForm(object) } };
  return Object.fromEntries(
    leaves(input.spec, 'spec').map(({ path }) => [path, follow(object, parsePath(path) ?? [])]),
  );
}

function wholeOf(fields: Fields): ClusterObject | undefined {
  const field = fields[whole];
  // Only `fieldsOf` puts something there: an object.
  return field !== undefined && 'value' in field ? (field.value as ClusterObject) : undefined;
}

function conditionOf(object: ClusterObject, input: Input) {
  const wanted = input['wait-for'];
  if (wanted === undefined || input.state === 'absent') return null;
  if ('path' in wanted) return valueAt(object, wanted.path) ?? null;
  const condition = listAt(object, 'status', 'conditions').find((one) => textAt(one, 'type') === wanted.type);
  return textAt(condition, 'status') ?? null;
}

function created(input: Input): ClusterObject {
  const { apiVersion, kind, name, namespace } = ref(input);
  return {
    apiVersion,
    kind,
    metadata: namespace === undefined ? { name } : { name, namespace },
    spec: withoutNulls(input.spec),
  };
}

function withoutNulls(spec: Input['spec']): Input['spec'] {
  return Object.fromEntries(
    Object.entries(spec).flatMap(([key, value]) => {
      if (value === null) return [];
      return [[key, isMap(value) ? withoutNulls(value) : value]];
    }),
  );
}

function ref(input: Input): ObjectRef {
  const { 'api-version': apiVersion, kind, name, namespace } = input;
  return namespace === undefined ? { apiVersion, kind, name } : { apiVersion, kind, name, namespace };
}
