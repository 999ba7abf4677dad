import { type FaultKind, faultKinds, type Place, type Step, type Trial, trialOf } from './fault.ts';
import type { CalmTrial, Counts } from './trial.ts';

/** Every trial there is, by what was counted without a fault; of moments, some. */
export function allTrials(
  counts: CalmTrial['counts'],
  kinds: readonly FaultKind[],
  seed: number,
): readonly Trial[] {
  const random = randomOf(seed);
  const trials: Trial[] = [];
  const half = Math.max(1, Math.round(counts.run.record / 2));
  const killed: Step = {
    command: 'run',
    fault: { kind: 'kill', place: { of: 'record', at: half, after: true } },
  };
  for (const kind of kinds) {
    for (const place of placesOf(kind, counts.run, random)) {
      const fault = { kind, place };
      const recovery = random() < 0.5 ? 'resume' : 'rollback';
      trials.push(trialOf([{ command: 'run', fault }, { command: recovery }]));
    }
    for (const place of placesOf(kind, counts.rollback, random)) {
      const fault = { kind, place };
      if (kind !== 'second-run')
        trials.push(trialOf([{ command: 'run' }, { command: 'rollback', fault }, { command: 'rollback' }]));
      const recovery = random() < 0.5 ? 'resume' : 'rollback';
      trials.push(trialOf([killed, { command: 'resume', fault }, { command: recovery }]));
    }
  }
  return trials;
}

const moments = 20;

function placesOf(kind: FaultKind, counts: Counts, random: () => number): readonly Place[] {
  return faultKinds[kind].places.flatMap((of): readonly Place[] => {
    if (of === 'start') return [{ of, at: 0, after: false }];
    if (of === 'moment')
      return Array.from({ length: moments }, () => ({
        of,
        at: Math.floor(random() * counts.ms),
        after: false,
      }));
    const numbers = Array.from({ length: counts[of] }, (_, at) => at + 1);
    return numbers.flatMap((at) => sidesOf(kind, of).map((after) => ({ of, at, after })));
  });
}

/** Whether a fault happens before or after what is counted. */
function sidesOf(kind: FaultKind, of: 'record' | 'change' | 'request'): readonly boolean[] {
  if (kind === 'kill') return [false, true];
  if (kind === 'answer-lost') return [true];
  if (kind === 'cut') return [of === 'record'];
  return [false];
}

/** Some of the trials, of every kind about as many. */
export function drawn(trials: readonly Trial[], number: number, seed: number): readonly Trial[] {
  if (trials.length <= number) return trials;
  const random = randomOf(seed);
  const byKind = new Map<string, Trial[]>();
  for (const trial of shuffled(trials, random)) {
    const kind = kindOf(trial);
    byKind.set(kind, [...(byKind.get(kind) ?? []), trial]);
  }
  const some: Trial[] = [];
  for (let round = 0; some.length < number; round += 1) {
    for (const each of byKind.values()) {
      const next = each[round];
      if (next !== undefined && some.length < number) some.push(next);
    }
  }
  return some;
}

/** The kind of the fault that a trial is about, and the place of it. */
function kindOf({ steps }: Trial): string {
  const { fault } = steps.findLast((step) => step.fault !== undefined) ?? {};
  return `${fault?.kind} ${fault?.place.of}`;
}

function shuffled<T>(all: readonly T[], random: () => number): readonly T[] {
  const mixed = [...all];
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
  }
  return mixed;
}

/** Numbers in [0, 1) that a seed determines (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
