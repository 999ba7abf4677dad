import {
  createLibrary,
  defineCheck,
  defineEvent,
  defineLookup,
  defineState,
  objectFact,
  pass,
  runFact,
  Secret,
} from '@claw-run/core';
import * as z from 'zod';

const pods = objectFact({ ref: { apiVersion: 'v1', kind: 'Pod', name: 'x' }, parse: () => null });
const command = runFact({ key: 'x', argv: ['x'], parse: () => null });

const port = z.union([z.int().min(1).max(65_535), z.enum(['http', 'https'])]);

/** `test.service-account`: a state of a cluster. */
export const serviceAccount = defineState({
  id: 'test.service-account',
  on: 'cluster',
  summary: 'A service account exists',
  risk: 'routine',
  input: z.object({
    name: z.string().min(1).describe('The name of the account'),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    rules: z.array(z.object({ verb: z.enum(['get', 'list']), resource: z.string() })).default([]),
    replicas: z.int().min(0).optional(),
    automount: z.boolean().optional(),
    port: port.optional(),
    token: z.instanceof(Secret).optional(),
  }),
  examples: [{ title: 'one', with: { name: 'a', namespace: 'b' } }],
  facts: () => ({ pods }),
  desire: () => ({}),
  actions: () => [],
});

/** `test.restart-workload`: an event of a cluster. */
export const restartWorkload = defineEvent({
  id: 'test.restart-workload',
  on: 'cluster',
  summary: 'The pods of a workload are started anew',
  risk: 'disruptive',
  input: z.strictObject({ deployment: z.string(), namespace: z.string().default('default') }),
  examples: [],
  facts: () => ({ pods }),
  needed: () => 'x',
  actions: () => [],
  done: () => ({ progress: 'done', because: 'x' }),
  undo: { irreversible: 'a restart cannot be taken back' },
});

/** `test.file-line`: a state of a host. */
export const fileLine = defineState({
  id: 'test.file-line',
  on: 'host',
  summary: 'A line stands in a file',
  risk: 'routine',
  input: z.object({ path: z.string().startsWith('/'), line: z.string() }),
  examples: [],
  facts: () => ({ command }),
  desire: () => ({}),
  actions: () => [],
});

/** `test.can-i`: a check of a cluster. */
export const canI = defineCheck({
  id: 'test.can-i',
  on: 'cluster',
  summary: 'An account may do something',
  input: z.object({ as: z.string(), can: z.array(z.string()).min(1) }),
  examples: [],
  facts: () => ({ pods }),
  expect: () => pass('so'),
});

/** `test.command-works`: a check of a host. */
export const commandWorks = defineCheck({
  id: 'test.command-works',
  on: 'host',
  summary: 'A command ends well',
  input: z.object({ argv: z.array(z.string()) }),
  examples: [],
  facts: () => ({ command }),
  expect: () => pass('so'),
});

/** `test.workload`: a lookup of a cluster. */
export const workload = defineLookup({
  id: 'test.workload',
  on: 'cluster',
  summary: 'What is known of a workload',
  input: z.object({ name: z.string(), namespace: z.string() }),
  output: z.object({
    account: z.string(),
    replicas: z.int(),
    load: z.number(),
    image: z.string().nullable(),
    pods: z.array(z.object({ name: z.string(), ready: z.boolean() })),
  }),
  examples: [],
  facts: () => ({ pods }),
  value: () => ({}),
});

export const library = createLibrary([
  serviceAccount,
  restartWorkload,
  fileLine,
  canI,
  commandWorks,
  workload,
]);
