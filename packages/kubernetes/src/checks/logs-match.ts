import { defineCheck, type Fact, fail, logsFact, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { pods } from '../facts/pods.ts';
import { duration, namespace, selector } from '../inputs.ts';
import { count, listed } from '../lib/json-at.ts';
import { compiled, re2 } from '../lib/re2.ts';

const input = z
  .strictObject({
    namespace,
    selector,
    container: z
      .string()
      .optional()
      .describe('Container of the pods; may be left out where there is only one'),
    contains: z.array(re2).default([]).describe('Patterns (RE2) that each must match a line'),
    lacks: z.array(re2).default([]).describe('Patterns (RE2) that must match no line'),
    in: z
      .enum(['any', 'every'])
      .default('every')
      .describe('Whether every pod must have the lines that `contains` names, or any'),
    since: duration.optional().describe('Only lines of this last time, such as 5m'),
    lines: z.int().positive().default(1000).describe('How many of the last lines are read'),
    previous: z
      .boolean()
      .default(false)
      .describe('The run before the last restart, instead of the present one'),
  })
  .refine((it) => it.contains.length + it.lacks.length > 0, 'give contains or lacks');

type Input = z.output<typeof input>;

export const logsMatch = defineCheck({
  id: 'kubernetes.logs-match',
  on: 'cluster',
  summary: 'The logs of pods have the lines they should have, and none they should not',
  input,
  examples: [
    {
      title: 'Workers have registered',
      with: {
        namespace: 'production',
        selector: 'app=openclaw-worker',
        contains: ['Successfully registered with cluster'],
        lacks: ['clw-worker-denied'],
        since: '2m',
      },
    },
  ],
  facts: (input) => ({ pods: pods(input.namespace, input.selector) }),
  moreFacts: (input, seen): { [K in `log ${string}`]: Fact<'cluster', readonly string[] | null> } =>
    Object.fromEntries(seen.pods.map((pod) => [`log ${pod.name}`, log(input, pod.name)])),
  expect: (input, seen) => {
    const where = `${input.selector} in ${input.namespace}`;
    if (seen.pods.length === 0) return unknown(`there are no pods of ${where}, so there is no log`);
    const logs = seen.pods.map((pod) => ({ pod: pod.name, lines: seen[`log ${pod.name}`] ?? null }));
    const missing = logs.filter((one) => one.lines === null).map((one) => one.pod);
    const forbidden = logs.flatMap(({ pod, lines }) =>
      (lines ?? []).filter((line) => matches(input.lacks, line)).map((line) => `${pod}: ${line}`),
    );
    if (forbidden.length > 0)
      return fail(
        `${count(forbidden.length, 'line')} that should not be in the logs of ${where}`,
        forbidden.slice(-20),
      );
    if (missing.length > 0) return unknown(`no log of ${listed(missing)} could be read`);
    const lacking = input.contains.flatMap((pattern) => {
      const without = logs
        .filter(({ lines }) => !lines?.some((line) => matches([pattern], line)))
        .map((one) => one.pod);
      const lacks = input.in === 'every' ? without.length > 0 : without.length === logs.length;
      return lacks ? [`${pattern} (${listed(without)})`] : [];
    });
    if (lacking.length > 0) return fail(`no line matches ${listed(lacking)}`, lacking);
    const found = logs.flatMap(({ pod, lines }) =>
      (lines ?? []).filter((line) => matches(input.contains, line)).map((line) => `${pod}: ${line}`),
    );
    return pass(
      `the logs of ${count(logs.length, 'pod')} of ${where} are as they should be`,
      found.slice(-20),
    );
  },
});

/** Only the lines that count, so that two looks at a log that goes on are equal. */
function log(input: Input, pod: string): Fact<'cluster', readonly string[] | null> {
  return logsFact({
    logs: {
      namespace: input.namespace,
      pod,
      tailLines: input.lines,
      ...(input.container === undefined ? {} : { container: input.container }),
      ...(input.since === undefined ? {} : { sinceSeconds: input.since }),
      ...(input.previous ? { previous: true } : {}),
    },
    parse: (text) =>
      text === null
        ? null
        : text.split('\n').filter((line) => matches([...input.contains, ...input.lacks], line)),
  });
}

function matches(patterns: readonly string[], line: string): boolean {
  return patterns.some((pattern) => {
    const expression = compiled(pattern);
    return 'find' in expression && expression.find(line);
  });
}
