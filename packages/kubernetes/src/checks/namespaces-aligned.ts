import { defineCheck, type Fact, fail, nameOf, objectFact, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { clearText, type Holder, holder } from '../facts/holder.ts';
import { containerEnv } from '../facts/workload-view.ts';
import {
  holderRef,
  name,
  namesOneWorkload,
  oneWorkload,
  path,
  workloadFields,
  workloadRef,
} from '../inputs.ts';
import { isList, listed } from '../lib/json-at.ts';
import { valueAt } from '../lib/path.ts';
import { parseYaml } from '../lib/yaml.ts';

const place = z.strictObject({ 'config-map': name, namespace: name, key: z.string(), path });

const input = z
  .strictObject({
    ...workloadFields,
    env: z
      .array(z.string())
      .default([])
      .describe('Environment variables that name the namespace; unset is well'),
    config: z
      .array(place)
      .default([])
      .describe('Places in ConfigMaps that name the namespace; unset is well'),
    allowed: z
      .union([z.array(z.string()), place])
      .optional()
      .describe('The namespaces that are accepted, or where they are listed'),
  })
  .refine(namesOneWorkload, oneWorkload);

type Input = z.output<typeof input>;

export const namespacesAligned = defineCheck({
  id: 'kubernetes.namespaces-aligned',
  on: 'cluster',
  summary: 'A workload says it is in the namespace it is in, and may be there',
  input,
  examples: [
    {
      title: 'Workers of production',
      with: {
        deployment: 'openclaw-worker',
        namespace: 'production',
        env: ['CLAW_NAMESPACE'],
        config: [
          {
            'config-map': 'worker-config',
            namespace: 'production',
            key: 'worker-config.yaml',
            path: 'cluster.namespace',
          },
        ],
        allowed: {
          'config-map': 'openclaw-security-policy',
          namespace: 'openclaw-system',
          key: 'policy.yaml',
          path: 'workers.allowed_namespaces',
        },
      },
    },
  ],
  facts: (input) => {
    const places: { [K in `config ${string}`]: Fact<'cluster', Holder> } = {};
    for (const one of placesOf(input)) places[`config ${wordsFor(one)}`] = holder(holderRef(one), [one.key]);
    const workload = objectFact({
      key: `${nameOf(workloadRef(input))} environment`,
      ref: workloadRef(input),
      parse: (object) => (object === null ? null : containerEnv(object, input.env)),
    });
    return Object.assign({ workload }, places);
  },
  expect: (input, seen) => {
    const workload = nameOf(workloadRef(input));
    if (seen.workload === null) return unknown(`there is no ${workload}`);
    const read = (one: Place) => {
      const yaml = parseYaml(clearText(seen[`config ${wordsFor(one)}`]?.values[one.key]) ?? '');
      return 'error' in yaml ? undefined : valueAt(yaml.value, one.path);
    };
    const said = [
      ...Object.entries(seen.workload).map(([variable, value]) => ({ where: variable, says: value })),
      ...input.config.map((one) => ({ where: wordsFor(one), says: read(one) })),
    ].flatMap(({ where, says }) => (typeof says === 'string' ? [{ where, says }] : []));
    const wrong = said
      .filter((one) => one.says !== input.namespace)
      .map((one) => `${one.where} says ${one.says}`);
    if (wrong.length > 0) return fail(`${workload} is in ${input.namespace}, but ${listed(wrong)}`, said);
    const allowed =
      input.allowed === undefined || isList(input.allowed) ? input.allowed : read(input.allowed);
    if (input.allowed !== undefined && !isList(allowed))
      return unknown('the list of accepted namespaces is not there', said);
    if (isList(allowed) && !allowed.includes(input.namespace)) {
      return fail(`${input.namespace} is not accepted; accepted are ${listed(allowed.map(String))}`, said);
    }
    return pass(`${workload} is in ${input.namespace}, and nothing says otherwise`, said);
  },
});

type Place = z.output<typeof place>;

function placesOf(input: Input): readonly Place[] {
  const { allowed } = input;
  return allowed === undefined || isList(allowed) ? input.config : [...input.config, allowed as Place];
}

function wordsFor(one: Place): string {
  return `${one.path} in ${one.key} of ${nameOf(holderRef(one))}`;
}
