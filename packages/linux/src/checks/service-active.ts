import { defineCheck, fail, pass } from '@claw-run/core';
import * as z from 'zod';
import { nearUnits } from '../facts/near-units.ts';
import { unit } from '../facts/unit.ts';
import { unitName } from '../inputs.ts';
import { iso } from '../lib/renewal.ts';
import { unitRefusal } from '../lib/unit-refusal.ts';

export const serviceActive = defineCheck({
  id: 'linux.service-active',
  on: 'host',
  summary: 'A unit is active',
  description:
    'Evidence is since when, and what it is where it is not. One that falls over and is started anew by systemd fails.',
  input: z.strictObject({ unit: unitName }),
  examples: [{ title: 'The scheduler runs', with: { unit: 'claw-scheduler' } }],
  facts: (input) => ({ unit: unit(input.unit) }),
  moreFacts: (input, seen) => ({ others: nearUnits(seen.unit === null, unit(input.unit)) }),
  expect: (input, seen) => {
    if (seen.unit === null) {
      const { refused, hint } = unitRefusal(input.unit, null, seen.others) ?? {
        refused: `${input.unit} is not installed`,
      };
      return fail(hint === undefined ? refused : `${refused}; ${hint}`);
    }
    const { name, active, sub, result, pid, selfRestarts, startedAt } = seen.unit;
    const evidence = { active, sub, result, pid, selfRestarts, since: iso(startedAt) };
    if (active !== 'active') return fail(`${name} is ${active} (${result})`, evidence);
    if (sub === 'auto-restart' || selfRestarts > 0)
      return fail(`${name} has ended and been started anew ${selfRestarts} times`, evidence);
    return pass(`${name} is active since ${iso(startedAt)}`, evidence);
  },
});
