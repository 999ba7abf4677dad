import { defineState, type Json, nameOf, type ObjectRef, type Refused, refused } from '@claw-run/core';
import * as z from 'zod';
import { withoutValue, withValue } from '../actions/field-actions.ts';
import { workloadActions } from '../actions/workload-actions.ts';
import { type Environment, type WorkloadSettings, workloadSettings } from '../facts/workload-settings.ts';
import { name, namesOneWorkload, oneWorkload, path, workloadFields, workloadRef } from '../inputs.ts';
import { at } from '../lib/json-at.ts';

const input = z
  .strictObject({
    ...workloadFields,
    'service-account': name.optional().describe('Service account of its pods'),
    container: name
      .optional()
      .describe('The container that `env` means; may be left out where there is only one'),
    env: z
      .record(z.string(), z.string().nullable())
      .default({})
      .describe('Environment variables; null takes one away'),
    set: z
      .array(
        z.strictObject({
          path: path.describe('Such as spec.template.spec.containers[name=worker].image'),
          value: z.json().describe('As the server stores it; null takes the field away'),
        }),
      )
      .default([])
      .describe('Any other fields'),
  })
  .refine(namesOneWorkload, oneWorkload);

type Input = z.output<typeof input>;

export const workload = defineState({
  id: 'kubernetes.workload',
  on: 'cluster',
  summary: 'A Deployment, StatefulSet or DaemonSet has the given settings',
  description:
    'Only the fields that are named are looked at and changed. A change of the pod template makes the controller roll ' +
    'out new pods; wait for them with `kubernetes.restart-workload` or `kubernetes.pods-ready`. Values under `set` must be ' +
    'written as the server stores them (`cpu: "1"`, not `1000m`).',
  risk: 'disruptive',
  input,
  examples: [
    {
      title: 'Workers under their own account',
      with: {
        deployment: 'openclaw-worker',
        namespace: 'production',
        'service-account': 'openclaw-worker-sa',
        env: { WORKER_IDENTITY_PATTERN: '^worker-[a-z0-9]{8}-[a-z0-9]{4}$', CLAW_NAMESPACE: null },
      },
    },
  ],
  facts: (input) => ({
    workload: workloadSettings(workloadRef(input), {
      serviceAccount: input['service-account'] !== undefined,
      container: input.container,
      env: Object.keys(input.env),
      paths: input.set.map((one) => one.path),
    }),
  }),
  desire: (input, seen) => {
    const ref = workloadRef(input);
    const now = seen.workload;
    if (now === null) return refused(`there is no ${nameOf(ref)}`, 'correct the name or the namespace');
    return obstacle(input, ref, now) ?? { workload: desired(input, now) };
  },
  actions: (from, to, input) => workloadActions(workloadRef(input), from.workload, to.workload),
  explain: (from, to) => {
    const [before, after] = [from.workload?.environment?.env ?? {}, to.workload?.environment?.env ?? {}];
    const taken = Object.keys(after).filter(
      (key) => at(before[key], 'valueFrom') && !at(after[key], 'valueFrom'),
    );
    return taken.length === 0
      ? undefined
      : `${taken.join(', ')} came from elsewhere (valueFrom) and is replaced by a value`;
  },
});

function obstacle(input: Input, ref: ObjectRef, now: WorkloadSettings): Refused | undefined {
  if (now.environment === null) {
    return input.container === undefined
      ? refused(`${nameOf(ref)} has more than one container`, 'name one as `container`')
      : refused(`${nameOf(ref)} has no container ${input.container}`, 'correct `container`');
  }
  const order = now.environment?.order ?? [];
  const twice = Object.keys(input.env).find((key) => order.indexOf(key) !== order.lastIndexOf(key));
  if (twice !== undefined) return refused(`${nameOf(ref)} sets ${twice} twice`, 'remove one of the entries');
  const lost = Object.entries(now.fields).find(([, field]) => 'unresolved' in field);
  if (lost === undefined || !('unresolved' in lost[1])) return undefined;
  return refused(`${lost[0]} leads nowhere in ${nameOf(ref)}: ${lost[1].unresolved}`, 'correct `path`');
}

function desired(input: Input, now: WorkloadSettings): WorkloadSettings {
  const account = input['service-account'];
  const unset = (now.serviceAccount ?? null) === null && account === 'default';
  return {
    ...now,
    ...(account === undefined || unset ? {} : { serviceAccount: account }),
    ...(now.environment ? { environment: desiredEnvironment(input.env, now.environment) } : {}),
    fields: Object.fromEntries(
      input.set.flatMap(({ path, value }) => {
        const field = now.fields[path];
        if (field === undefined) return [];
        return [[path, value === null ? withoutValue(field) : withValue(field, value)]];
      }),
    ),
  };
}

function desiredEnvironment(wanted: Input['env'], now: Environment): Environment {
  const env = { ...now.env };
  for (const [key, value] of Object.entries(wanted)) {
    if (value === null) delete env[key];
    else if (
      at(env[key], 'valueFrom') !== undefined ||
      env[key] === undefined ||
      (at(env[key], 'value') ?? '') !== value
    ) {
      env[key] = entry(key, value);
    }
  }
  const kept = now.order.filter((key) => wanted[key] !== null);
  return { ...now, env, order: [...kept, ...Object.keys(env).filter((key) => !kept.includes(key))] };
}

/** The server does not store an empty value. */
function entry(name: string, value: string): Json {
  return value === '' ? { name } : { name, value };
}
