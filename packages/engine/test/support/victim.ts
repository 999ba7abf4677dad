import process from 'node:process';
import { connectCluster } from '@claw-run/transports';
import { createJournalStore, type Journal, type JournalStore, run } from '../../src/index.ts';
import { threeSteps } from './three-steps.ts';

// A process that runs three steps, tells its parent before and after it keeps each record, and waits to be let on or killed.

const [kubeconfig = '', folder = '', id = ''] = process.argv.slice(2);

function announced(store: JournalStore): JournalStore {
  return { ...store, create: async (...args) => announcing(await store.create(...args)) };
}

function announcing(journal: Journal): Journal {
  let record = -1;
  return {
    ...journal,
    async append(fresh) {
      record += 1;
      await tell({ record, type: fresh.type, side: 'before' });
      await journal.append(fresh);
      await tell({ record, type: fresh.type, side: 'after' });
    },
  };
}

function tell(moment: object): Promise<void> {
  return new Promise((resolve) => {
    process.once('message', () => resolve());
    process.send?.(moment);
  });
}

await run({
  runbook: threeSteps,
  connections: { cluster: await connectCluster({ kubeconfig, userAgent: 'claw-run/test' }) },
  journals: announced(createJournalStore(folder)),
  identity: { run: id, startedAt: new Date().toISOString() },
  who: 'victim@test',
});
process.disconnect?.();
