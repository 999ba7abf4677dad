import { defineRunbook } from '@claw-run/runbook';
import { canI } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({
  ...head,
  causes: { rbac: { title: 'x', uses: canI, on: 'head', with: { as: 'x', can: ['x'] } } },
  steps: {},
});
