import { defineRunbook } from '@claw-run/runbook';
import { commandWorks } from '../../library.ts';
import { head } from './head.ts';

defineRunbook({ ...head, steps: { works: { uses: commandWorks, with: { argv: ['true'] } } } });
