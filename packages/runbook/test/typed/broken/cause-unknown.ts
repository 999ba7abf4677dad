import { defineRunbook } from '@claw-run/runbook';
import { canI, fileLine } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  causes: { rbac: { title: 'x', uses: canI, with: { as: 'x', can: ['x'] } } },
  steps: {
    line: { uses: fileLine, if: ({ causes }) => causes.rback.found, with: { path: '/x', line: 'x' } },
  },
});
