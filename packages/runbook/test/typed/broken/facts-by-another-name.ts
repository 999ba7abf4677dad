import { defineRunbook } from '@claw-run/runbook';
import { workload } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  lookups: { worker: { uses: workload, with: { name: 'x', namespace: 'x' } } },
  steps: {},
});
