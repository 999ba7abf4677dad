import { defineEvent, isRefused, refused } from '@claw-run/core';
import {
  moreRenewalFacts,
  renewalActions,
  renewalDone,
  renewalFacts,
  renewalInput,
  renewalNeeded,
} from '../lib/renewal.ts';

export const reloadService = defineEvent({
  id: 'linux.reload-service',
  on: 'host',
  summary: 'A unit has read its configuration again without a restart',
  description:
    'Reloads only where something that the unit reads has changed since it was started or last reloaded, or where it is asked for by `always`. ' +
    'When a unit was reloaded is told by its `ExecReload=`; one without it is refused.',
  risk: 'routine',
  settlesWithinSeconds: 60,
  steadySeconds: 1,
  input: renewalInput,
  examples: [
    { title: 'After its configuration has changed', with: { unit: 'ssh', reads: ['/etc/ssh/sshd_config'] } },
  ],
  facts: renewalFacts,
  moreFacts: moreRenewalFacts,
  needed: (input, seen, occasion) => {
    const needed = renewalNeeded(input, seen, occasion);
    if (needed === undefined || isRefused(needed) || seen.unit === null) return needed;
    if (seen.unit.active !== 'active')
      return refused(
        `${seen.unit.name} is ${seen.unit.active}, so it cannot reload`,
        'use linux.restart-service',
      );
    if (!seen.unit.canReload)
      return refused(
        `${seen.unit.name} cannot reload: its unit has no ExecReload`,
        'use linux.restart-service',
      );
    return needed;
  },
  actions: (_input, seen) => renewalActions('reload', seen),
  done: renewalDone,
  undo: { again: 'it reads what was restored' },
});
