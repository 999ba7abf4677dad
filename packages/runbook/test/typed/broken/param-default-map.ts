import { defineRunbook } from '@claw-run/runbook';
import { head } from './head.ts';

defineRunbook({ ...head, params: { given: { type: 'map', default: [1] } }, steps: {} });
