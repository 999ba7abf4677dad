// A step of your own, and a runbook in TypeScript that uses it. A step says which facts it needs, what they should be and which
// actions lead from any state to any other; dry run, verification, undo and resume come with that.
//
//   node examples/02-own-step.ts
//   claw-run --library examples/02-own-step.ts list
import { pathToFileURL } from 'node:url';
import {
  type ClusterObject,
  defineRunbook,
  defineState,
  objectFact,
  planRunbook,
  refused,
  startPracticeCluster,
  z,
} from 'claw-run';

const ref = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', name });

/** A namespace bears a label. */
export const owner = defineState({
  id: 'acme.namespace-owner',
  on: 'cluster',
  summary: 'A namespace says which team it belongs to',
  risk: 'routine',
  input: z.strictObject({ namespace: z.string(), team: z.string() }),
  examples: [{ title: 'Payments', with: { namespace: 'payments', team: 'payments-sre' } }],
  facts: ({ namespace }) => ({
    exists: objectFact({
      key: `Namespace ${namespace} exists`,
      ref: ref(namespace),
      parse: (object) => object !== null,
    }),
    team: objectFact({
      key: `Namespace ${namespace} team`,
      ref: ref(namespace),
      parse: (object: ClusterObject | null) => object?.metadata.labels?.team ?? null,
    }),
  }),
  desire: ({ namespace, team }, seen) =>
    seen.exists ? { team } : refused(`there is no namespace ${namespace}`, 'correct `namespace`'),
  actions: (from, to, { namespace }) => {
    const path = '/metadata/labels/team';
    if (from.team === to.team) return [];
    if (to.team === null) return [{ do: 'patch', ref: ref(namespace), patch: [{ op: 'remove', path }] }];
    return [{ do: 'patch', ref: ref(namespace), patch: [{ op: 'add', path, value: to.team }] }];
  },
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const runbook = defineRunbook({
    name: 'namespace-owner',
    title: 'A namespace without an owner',
    params: { team: { type: 'string', default: 'workers-sre' } },
    targets: { cluster: { kind: 'cluster' } },
    steps: {
      owner: {
        uses: owner,
        on: 'cluster',
        with: ({ params }) => ({ namespace: 'production', team: params.team }),
      },
    },
  });
  const practice = await startPracticeCluster(['healthy']);
  try {
    const { steps } = await planRunbook(runbook, { kubeconfig: practice.kubeconfig });
    for (const { name, plan } of steps) console.log(name, plan.plan === 'change' ? plan.diff : plan.because);
  } finally {
    await practice.close();
  }
}
