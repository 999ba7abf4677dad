import { defineState, type HostAction } from '@claw-run/core';
import * as z from 'zod';
import { nearUnits } from '../facts/near-units.ts';
import { type ServiceState, serviceState } from '../facts/service-state.ts';
import { unitName } from '../inputs.ts';
import { wantedUnitFile } from '../lib/unit-file-state.ts';
import { unitRefusal } from '../lib/unit-refusal.ts';

const input = z
  .strictObject({
    unit: unitName,
    running: z.boolean().optional().describe('Whether it runs now; left as it is where absent'),
    enabled: z.boolean().optional().describe('Whether it starts at boot; left as it is where absent'),
  })
  .refine((it) => it.running !== undefined || it.enabled !== undefined, 'say `running`, `enabled` or both');

export const service = defineState({
  id: 'linux.service',
  on: 'host',
  summary: 'A unit runs or is stopped, and starts at boot or not',
  description:
    'A unit that is masked is refused: somebody has decided that. So is `enabled` where it is not for systemctl to decide: static, indirect, linked and generated units, such as SysV scripts. For new configuration see `linux.restart-service`.',
  risk: 'disruptive',
  settlesWithinSeconds: 90,
  steadySeconds: 1,
  input,
  examples: [
    { title: 'Runs, now and after a boot', with: { unit: 'claw-scheduler', running: true, enabled: true } },
    { title: 'Stopped', with: { unit: 'nscd', running: false } },
  ],
  facts: (input) => ({ service: serviceState(input.unit) }),
  moreFacts: (input, { service }) => ({ others: nearUnits(service === null, serviceState(input.unit)) }),
  desire: (input, { service, others }) => {
    const wantsStart = input.running === true || input.enabled === true;
    const refusal = unitRefusal(
      input.unit,
      service === null || wantsStart ? service : { masked: false },
      others,
    );
    if (refusal !== undefined || service === null) return refusal ?? {};
    const { running = service.running, enabled } = input;
    if (enabled === undefined) return { service: { ...service, running } };
    const wanted = wantedUnitFile(input.unit, service.unitFile, enabled);
    return 'refused' in wanted ? wanted : { service: { ...service, running, ...wanted } };
  },
  actions: (from, to, input) => actions(input.unit, from.service, to.service),
});

function actions(unit: string, from: ServiceState | null, to: ServiceState | null): readonly HostAction[] {
  if (from === null || to === null) return [];
  const act = (verb: string): HostAction => ({
    do: 'run',
    argv: ['systemctl', verb, unit],
    sudo: true,
    timeoutSeconds: 120,
    changes: [`service ${unit}`, 'process'],
  });
  return [
    ...(from.unitFile === to.unitFile ? [] : [act(to.unitFile === 'enabled' ? 'enable' : 'disable')]),
    ...(from.running === to.running ? [] : [act(to.running ? 'start' : 'stop')]),
  ];
}
