import { defineRunbook } from '@claw-run/runbook';
import { head } from './head.ts';

defineRunbook({ ...head, params: { given: { type: 'string', default: 3 } }, steps: {} });
