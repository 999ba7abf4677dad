import { defineRunbook } from '@claw-run/runbook';
import { fileLine } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  steps: { line: { uses: fileLine, if: ({ steps }) => steps.lnie.changed, with: { path: '/x', line: 'x' } } },
});
