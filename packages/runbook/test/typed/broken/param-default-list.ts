import { defineRunbook } from '@claw-run/runbook';
import { head } from './head.ts';

defineRunbook({ ...head, params: { given: { type: 'list', default: { a: 1 } } }, steps: {} });
