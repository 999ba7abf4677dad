// Mends workers that their cluster denies, from a program. Here the cluster is a practice one that is broken on purpose.
//
//   node examples/01-library.ts
import { runRunbook, startPracticeCluster } from 'claw-run';

const practice = await startPracticeCluster(['rbac']);
try {
  const outcome = await runRunbook('runbooks/worker-denied.yaml', {
    kubeconfig: practice.kubeconfig,
    bin: practice.bin,
    params: { namespace: 'production' },
    yes: true,
    onEvent: (event) => {
      if (event.type === 'step.verified') console.log(`done: ${event.id}`);
    },
  });
  const found = outcome.causes.filter(({ finding }) => finding === 'found');
  console.log(`${outcome.status}; it was: ${found.map(({ title }) => title).join('; ')}`);
} finally {
  await practice.close();
}
