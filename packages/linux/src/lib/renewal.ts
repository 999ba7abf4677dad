import { type HostAction, type Occasion, type Progress, type Refused, refused } from '@claw-run/core';
import * as z from 'zod';
import { type Changed, changeTimes } from '../facts/change-times.ts';
import { lastWords } from '../facts/last-words.ts';
import { nearUnits } from '../facts/near-units.ts';
import { type Unit, unit } from '../facts/unit.ts';
import { absolutePath, unitName } from '../inputs.ts';
import { staleness } from './staleness.ts';
import { unitRefusal } from './unit-refusal.ts';

/** Inputs, facts and judgement that restarting and reloading have in common. */
export const renewalInput = z.strictObject({
  unit: unitName,
  reads: z
    .array(absolutePath)
    .default([])
    .describe(
      'Files and folders that it reads when it starts; its unit file, drop-ins and environment files count anyway',
    ),
  always: z.boolean().default(false).describe('Also where nothing that it reads is newer; once a run'),
});

export type RenewalInput = z.output<typeof renewalInput>;

export interface SeenUnit {
  readonly unit: Unit | null;
  readonly others: readonly string[];
  readonly words: readonly string[];
  readonly changes: readonly Changed[];
}

export function renewalFacts(input: RenewalInput) {
  return { unit: unit(input.unit) };
}

export function moreRenewalFacts(input: RenewalInput, seen: { readonly unit: Unit | null }) {
  const like = unit(input.unit);
  return {
    others: nearUnits(seen.unit === null, like),
    words: lastWords(seen.unit, like),
    changes: changeTimes(seen.unit === null ? [] : [...input.reads, ...seen.unit.files], like),
  };
}

/** Why the unit has to take up its configuration again. One that does not run has nothing to take up, except where it failed. */
export function renewalNeeded(
  input: RenewalInput,
  seen: SeenUnit,
  occasion: Occasion,
): string | undefined | Refused {
  const refusal = unitRefusal(input.unit, seen.unit, seen.others);
  if (refusal !== undefined || seen.unit === null) return refusal;
  const { active, freshAt, name } = seen.unit;
  if (active === 'failed') return `${name} has failed: ${seen.words.at(-1) ?? seen.unit.result}`;
  if (active === 'inactive' && seen.unit.type !== 'oneshot')
    return input.always
      ? `${name} does not run`
      : refused(`${name} does not run`, 'say that it should: linux.service with `running: true`');
  const stale = staleness(seen.unit, seen.changes);
  if (stale !== undefined) return stale;
  return input.always && (freshAt === null || freshAt < Date.parse(occasion.startedAt))
    ? 'asked for'
    : undefined;
}

/** systemctl does not wait: what comes of it is looked at, so that a failure can be told with the unit's own last words. */
export function renewalActions(verb: 'restart' | 'reload', seen: SeenUnit): readonly HostAction[] {
  if (seen.unit === null) return [];
  const { name, needsDaemonReload } = seen.unit;
  const act = (...argv: [string, ...string[]]): HostAction => ({
    do: 'run',
    argv,
    sudo: true,
    changes: [`service ${name}`, 'process'],
  });
  return [
    ...(needsDaemonReload ? [act('systemctl', 'daemon-reload')] : []),
    act('systemctl', '--no-block', verb, name),
  ];
}

/** Up again, with all that it reads. */
export function renewalDone(input: RenewalInput, seen: SeenUnit, occasion: Occasion): Progress {
  const { unit } = seen;
  if (unit === null) return { progress: 'failed', because: `${input.unit} is not installed any more` };
  if (unit.active === 'failed')
    return {
      progress: 'failed',
      because: `${unit.name} has failed (${unit.result}). Its last words: ${seen.words.join(' | ') || 'none'}`,
    };
  const oneshot = unit.type === 'oneshot' && unit.active === 'inactive' && unit.result === 'success';
  if (unit.active !== 'active' && !oneshot)
    return { progress: 'pending', because: `${unit.name} is ${unit.active} (${unit.sub})` };
  if (unit.selfRestarts > 0)
    return {
      progress: 'pending',
      because: `${unit.name} has ended and been started anew ${unit.selfRestarts} times; see \`journalctl -u ${unit.name}\``,
    };
  const left = renewalNeeded(input, seen, occasion);
  if (left === undefined)
    return { progress: 'done', because: `${unit.name} is ${unit.active} since ${iso(unit.freshAt)}` };
  return { progress: 'pending', because: typeof left === 'string' ? `not yet: ${left}` : left.refused };
}

/** RFC 3339 with milliseconds. */
export function iso(time: number | null): string {
  return time === null ? 'never' : new Date(time).toISOString();
}
