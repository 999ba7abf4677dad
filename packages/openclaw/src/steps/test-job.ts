import {
  type ClusterObject,
  defineEvent,
  isObject,
  listFact,
  type ObjectRef,
  type Occasion,
} from '@claw-run/core';
import * as z from 'zod';

const managed = { 'app.kubernetes.io/managed-by': 'claw-run' };

export const testJob = defineEvent({
  id: 'openclaw.test-job',
  on: 'cluster',
  summary: 'A job that is given to the workers is completed by them',
  description:
    'Creates a Job of openclaw.io, named after the run, waits until it is COMPLETED, and deletes it.',
  risk: 'routine',
  settlesWithinSeconds: 120,
  input: z.strictObject({
    namespace: z.string().min(1).describe('Namespace of the workers'),
    image: z.string().min(1).default('busybox').describe('Image of the task'),
    command: z
      .array(z.string())
      .min(1)
      .default(['echo', 'Worker verification successful'])
      .describe('Command of the task'),
  }),
  examples: [{ title: 'The workers of production work', with: { namespace: 'production' } }],
  facts: (input) => ({
    jobs: listFact({
      key: `test jobs ${input.namespace}`,
      list: {
        apiVersion: 'openclaw.io/v1',
        kind: 'Job',
        namespace: input.namespace,
        labels: 'app.kubernetes.io/managed-by=claw-run',
      },
      parse: (items) => Object.fromEntries(items.map((item) => [item.metadata.name, stateOf(item)])),
    }),
  }),
  needed: (_input, seen, occasion) =>
    seen.jobs[nameFor(occasion)] === 'COMPLETED'
      ? undefined
      : 'only work that gets done proves that workers work',
  actions: (input, seen, occasion) => {
    const name = nameFor(occasion);
    if (seen.jobs[name] !== undefined) return [];
    const { apiVersion, kind, namespace } = ref(input, name);
    const spec = { task: { image: input.image, command: input.command }, replicas: 1 };
    return [
      { do: 'create', object: { apiVersion, kind, metadata: { name, namespace, labels: managed }, spec } },
    ];
  },
  done: (input, seen, occasion) => {
    const name = nameFor(occasion);
    const state = seen.jobs[name];
    const job = `Job ${input.namespace}/${name}`;
    if (state === 'COMPLETED') return { progress: 'done', because: `${job} is COMPLETED` };
    if (state === 'FAILED')
      return { progress: 'failed', because: `${job} has FAILED; see the log of the worker that took it` };
    return {
      progress: 'pending',
      because: state === undefined ? `${job} is not there` : `${job} is ${state}`,
    };
  },
  undo: (input, before, now) =>
    Object.keys(now.jobs)
      .filter((name) => before.jobs[name] === undefined)
      .map((name) => ({ do: 'delete', ref: ref(input, name) })),
  tidy: (input, seen, occasion) => {
    const name = nameFor(occasion);
    return seen.jobs[name] === undefined ? [] : [{ do: 'delete', ref: ref(input, name) }];
  },
});

function nameFor(occasion: Occasion): string {
  const run = occasion.run.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-');
  return `claw-run-${run}`.slice(0, 63).replace(/-+$/, '');
}

function ref(
  input: { readonly namespace: string },
  name: string,
): ObjectRef & { readonly namespace: string } {
  return { apiVersion: 'openclaw.io/v1', kind: 'Job', name, namespace: input.namespace };
}

/** A job that no controller has looked at yet has no state. */
function stateOf(job: ClusterObject): string {
  const state = isObject(job.status) ? job.status.state : undefined;
  return typeof state === 'string' ? state : 'PENDING';
}
