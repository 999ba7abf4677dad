import { type AnyEvent, type AnyState, type Definition, isRefused, type Occasion } from '@claw-run/core';
import { expect, vi } from 'vitest';
import { expectEqual, expectJson } from '../expectations.ts';
import { law } from '../law.ts';
import { imaginedWorlds, type Observation } from './imagined-world.ts';

/** The facts of an input are the same whenever and however often they are asked for, are JSON, and leave the input alone. */
export async function expectPureFacts(definition: Definition, input: unknown): Promise<void> {
  await law('facts is pure', () => {
    const first = atMoment(0, () => shapeOf(definition.facts(input)));
    const second = atMoment(1, () => shapeOf(definition.facts(input)));
    expectEqual(second, first);
    expectLeavesAlone(input, (frozen) => definition.facts(frozen));
  });
  await law('facts are JSON', () => {
    for (const [name, { read }] of Object.entries(definition.facts(input)))
      expectJson(read, `what the fact ${name} reads`);
  });
  await law('facts fit the target', () => {
    for (const [name, { on }] of Object.entries(definition.facts(input)))
      expect(on, `the fact ${name} is of a ${on}, the step of a ${definition.on}`).toBe(definition.on);
  });
}

/** What a step answers where there is nothing: the same each time, and once it was applied there is nothing left to do. */
export async function expectPureAnswers(definition: Definition, input: unknown): Promise<void> {
  for (const seen of imaginedWorlds(definition, input)) {
    await law('what it answers is pure', () => {
      const answer = answerOf(definition, input);
      const first = tried(() => atMoment(0, () => answer(seen)));
      // an invented world may be one that cannot be
      if ('threw' in first) return;
      expectEqual(
        atMoment(1, () => answer(seen)),
        first.gave,
      );
      expectLeavesAlone(seen, answer);
    });
    if (definition.type === 'state') await expectSettles(definition, input, seen);
  }
}

async function expectSettles(step: AnyState, input: unknown, seen: Observation): Promise<void> {
  const wanted = tried(() => step.desire(input, seen));
  if ('threw' in wanted || isRefused(wanted.gave)) return;
  const after = { ...seen, ...wanted.gave };
  await law('what was applied needs no change', () => {
    const again = step.desire(input, after);
    expect(isRefused(again) ? again.refused : undefined, 'planned again, it is refused').toBeUndefined();
    expectEqual({ ...after, ...again }, after);
  });
}

/** The one function of a definition that decides. */
function answerOf(definition: Definition, input: unknown): (seen: Observation) => unknown {
  switch (definition.type) {
    case 'state':
      return (seen) => {
        const wanted = definition.desire(input, seen);
        return isRefused(wanted)
          ? wanted
          : { wanted, actions: definition.actions(seen, { ...seen, ...wanted }, input) };
      };
    case 'event':
      return (seen) => eventAnswer(definition, input, seen);
    case 'check':
      return (seen) => definition.expect(input, seen);
    case 'lookup':
      return (seen) => definition.value(input, seen) ?? null;
  }
}

const occasion: Occasion = { run: 'run-1', startedAt: '2026-01-02T03:04:05.000Z', changed: [] };

function eventAnswer(event: AnyEvent, input: unknown, seen: Observation): unknown {
  const needed = event.needed(input, seen, occasion);
  if (isRefused(needed)) return needed;
  const progress = event.done(input, seen, occasion);
  return { needed: needed ?? null, actions: event.actions(input, seen, occasion), progress };
}

/** A clock and a die that show something else at each moment: what depends on them differs for sure. */
function atMoment<T>(moment: 0 | 1, work: () => T): T {
  const random = vi.spyOn(Math, 'random').mockReturnValue(moment === 0 ? 0.25 : 0.75);
  vi.useFakeTimers({ toFake: ['Date'], now: moment === 0 ? 946_684_800_000 : 1_893_456_000_000 });
  try {
    return work();
  } finally {
    vi.useRealTimers();
    random.mockRestore();
  }
}

function expectLeavesAlone(value: unknown, work: (frozen: never) => unknown): void {
  const before = tried(() => work(value as never));
  const after = tried(() => work(deepFrozen(structure(value)) as never));
  if ('gave' in before && 'threw' in after) throw new Error(`it changes what it is given: ${after.threw}`);
}

type Tried<T> = { readonly gave: T } | { readonly threw: string };

function tried<T>(work: () => T): Tried<T> {
  try {
    return { gave: work() };
  } catch (error) {
    return { threw: error instanceof Error ? error.message : String(error) };
  }
}

function shapeOf(facts: ReturnType<Definition['facts']>): unknown {
  return Object.fromEntries(
    Object.entries(facts).map(([name, { key, on, read }]) => [name, { key, on, read }]),
  );
}

/** A copy of plain objects and lists; everything else is shared. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structure);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structure(item)]));
}

function deepFrozen(value: unknown): unknown {
  if (Array.isArray(value)) for (const item of value) deepFrozen(item);
  else if (isPlain(value)) for (const item of Object.values(value)) deepFrozen(item);
  else return value;
  return Object.freeze(value);
}

function isPlain(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
