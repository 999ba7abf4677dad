import { defineEvent } from '@claw-run/core';
import {
  moreRenewalFacts,
  renewalActions,
  renewalDone,
  renewalFacts,
  renewalInput,
  renewalNeeded,
} from '../lib/renewal.ts';

export const restartService = defineEvent({
  id: 'linux.restart-service',
  on: 'host',
  summary: 'A unit runs with the configuration that is on disk',
  description:
    'Restarts only where something that the unit reads has changed since its process was started (or reloaded), where systemd has to read the ' +
    'unit file again, where it has failed, or where it is asked for by `always`. Done is: active again, started since, and not falling over ' +
    'again and again. A failure is told with the last lines of the unit in the journal.',
  risk: 'disruptive',
  settlesWithinSeconds: 90,
  steadySeconds: 1,
  input: renewalInput,
  examples: [
    {
      title: 'After its configuration has changed',
      with: { unit: 'claw-scheduler', reads: ['/etc/claw-scheduler/config.yaml'] },
    },
    { title: 'In any case', with: { unit: 'claw-scheduler', always: true } },
  ],
  facts: renewalFacts,
  moreFacts: moreRenewalFacts,
  needed: renewalNeeded,
  actions: (_input, seen) => renewalActions('restart', seen),
  done: renewalDone,
  undo: { again: 'the process takes up what was restored' },
});
