import { defineRunbook } from '@claw-run/runbook';
import { head } from './head.ts';

defineRunbook({ ...head, params: { given: { type: 'boolean', default: 'true' } }, steps: {} });
