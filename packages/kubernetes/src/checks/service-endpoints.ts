import { defineCheck, fail, objectFact, pass } from '@claw-run/core';
import * as z from 'zod';
import { pods } from '../facts/pods.ts';
import { name, namespace } from '../inputs.ts';
import { count, listAt, listed, mapAt, numberAt } from '../lib/json-at.ts';

export const serviceEndpoints = defineCheck({
  id: 'kubernetes.service-endpoints',
  on: 'cluster',
  summary: 'A Service serves a port, and there are pods behind it',
  description:
    'A Service without pods refuses each connection. This looks at what makes its endpoints: its port, its selector and the pods that fit it and are ready. A Service without a selector has endpoints by hand, which are not looked at.',
  input: z.strictObject({
    service: name.describe('Name of the Service'),
    namespace,
    port: z.int().min(1).max(65_535).default(443).describe('The port that clients connect to'),
  }),
  examples: [
    { title: 'The API of the cluster', with: { service: 'openclaw-api', namespace: 'openclaw-system' } },
  ],
  facts: (input) => ({
    service: objectFact({
      key: `Service ${input.namespace}/${input.service} endpoints`,
      ref: { apiVersion: 'v1', kind: 'Service', name: input.service, namespace: input.namespace },
      parse: (object) =>
        object === null
          ? null
          : {
              ports: listAt(object, 'spec', 'ports').flatMap((one) => numberAt(one, 'port') ?? []),
              selector: Object.entries(mapAt(object, 'spec', 'selector'))
                .map(([key, value]) => `${key}=${String(value)}`)
                .join(','),
            },
    }),
  }),
  moreFacts: (input, { service }) => ({
    // without a selector nothing fits
    pods: pods(input.namespace, service?.selector || 'claw-run.invalid/none=none'),
  }),
  expect: (input, { service, pods: found }) => {
    const which = `Service ${input.namespace}/${input.service}`;
    if (service === null) return fail(`there is no ${which}`);
    if (!service.ports.includes(input.port))
      return fail(`${which} serves ${service.ports.join(', ') || 'no port'}, not ${input.port}`, service);
    if (service.selector === '')
      return pass(`${which} has no selector: its endpoints are set by hand`, service);
    const behind = found.filter(({ deleting }) => !deleting);
    const ready = behind.filter((pod) => pod.ready).map((pod) => pod.name);
    const evidence = { ...service, ready };
    if (ready.length > 0) return pass(`${which} has ${count(ready.length, 'pod')} behind it`, evidence);
    return behind.length === 0
      ? fail(`${which} has no endpoints: no pod fits its selector ${service.selector}`, evidence)
      : fail(
          `${which} has no endpoints: ${listed(behind.map((pod) => pod.name))} fit its selector and are not ready`,
          evidence,
        );
  },
});
