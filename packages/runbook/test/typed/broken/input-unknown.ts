import { defineRunbook } from '@claw-run/runbook';
import { fileLine } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  steps: { line: { uses: fileLine, with: { path: '/x', line: 'x', mdoe: 3 } } },
});
