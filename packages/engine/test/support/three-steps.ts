import type { Runbook } from '@claw-run/core';
import { runbookOf, step } from './runbook.ts';
import { note, setting } from './steps.ts';

/** A runbook that makes, notes and changes: what the process that is killed runs. */
export const threeSteps: Runbook = runbookOf({
  steps: [
    step('make', setting, { name: 'made', value: '1' }),
    step('note', note, { name: 'noted' }),
    step('change', setting, { name: 'changed', value: 'now' }),
  ],
});
