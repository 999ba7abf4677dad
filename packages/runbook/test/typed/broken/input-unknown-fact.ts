import { defineRunbook } from '@claw-run/runbook';
import { workload } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  facts: {
    worker: { uses: workload, with: ({ params }) => ({ name: params.text, namespace: 'x', kind: 'x' }) },
  },
  steps: {},
});
