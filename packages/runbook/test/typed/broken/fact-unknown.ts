import { defineRunbook } from '@claw-run/runbook';
import { fileLine, workload } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  facts: { worker: { uses: workload, with: { name: 'x', namespace: 'x' } } },
  steps: { line: { uses: fileLine, with: ({ facts }) => ({ path: facts.wroker.account, line: 'x' }) } },
});
