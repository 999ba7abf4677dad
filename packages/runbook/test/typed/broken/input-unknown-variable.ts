import { defineRunbook } from '@claw-run/runbook';
import { fileLine } from '../../library.ts';
import { head } from './head.ts';

const given = { path: '/x', line: 'x', mdoe: 3 };
defineRunbook({ ...head, steps: { line: { uses: fileLine, with: given } } });
