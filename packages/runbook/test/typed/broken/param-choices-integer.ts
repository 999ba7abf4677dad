import { defineRunbook } from '@claw-run/runbook';
import { head } from './head.ts';

defineRunbook({ ...head, params: { given: { type: 'integer', choices: ['1', '2'] } }, steps: {} });
