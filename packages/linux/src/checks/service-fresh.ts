import { defineCheck, fail, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { changeTimes } from '../facts/change-times.ts';
import { unit } from '../facts/unit.ts';
import { absolutePath, unitName } from '../inputs.ts';
import { iso } from '../lib/renewal.ts';
import { newerThan, staleness } from '../lib/staleness.ts';

export const serviceFresh = defineCheck({
  id: 'linux.service-fresh',
  on: 'host',
  summary: 'Nothing that a unit reads is newer than its process',
  description:
    'Finds what was changed and never taken up: unit file, drop-ins, environment files and what `reads` names, by ctime.',
  input: z.strictObject({
    unit: unitName,
    reads: z.array(absolutePath).default([]).describe('Files and folders that it reads when it starts'),
  }),
  examples: [
    {
      title: 'Its configuration is in force',
      with: { unit: 'claw-scheduler', reads: ['/etc/claw-scheduler'] },
    },
  ],
  facts: (input) => ({ unit: unit(input.unit) }),
  moreFacts: (input, seen) => ({
    changes: changeTimes(seen.unit === null ? [] : [...input.reads, ...seen.unit.files], unit(input.unit)),
  }),
  expect: (input, seen) => {
    if (seen.unit === null) return unknown(`${input.unit} is not installed`);
    if (seen.unit.freshAt === null) return unknown(`${seen.unit.name} has not been started`);
    const missing = input.reads.filter((path) => !seen.changes.some((one) => one.path === path));
    const newer = newerThan(seen.unit, seen.changes).map(({ path, at }) => ({ path, changed: iso(at) }));
    const evidence = { since: iso(seen.unit.freshAt), newer, missing };
    const stale = staleness(seen.unit, seen.changes);
    return stale === undefined
      ? pass(`${seen.unit.name} has read all it reads as it is now`, evidence)
      : fail(stale, evidence);
  },
});
