import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type AnyCheck,
  type AnyEvent,
  type AnyLookup,
  type AnyState,
  type ClusterObject,
  type Definition,
  equal,
  type Fact,
  type Facts,
  isRefused,
  type Json,
  mapSecrets,
  nameOf,
  type Occasion,
  readKey,
  type TargetKind,
} from '@claw-run/core';
import { describe, expect, test } from 'vitest';
import { parseCases } from './case-file.ts';
import { performed, readObjects, type World } from './case-world.ts';

/**
 * One example of a step, as data: inputs, what the target answers, and what must come of it.
 * What it says of the answer is compared; what it does not say is not.
 */
export interface Case {
  readonly name: string;
  readonly with: Json;
  /** Objects of a cluster; `get` and `list` facts are read from them. */
  readonly objects?: readonly ClusterObject[];
  /** What the transport gives for a fact, by the name the step gives the fact; goes before `objects`. */
  readonly raw?: { readonly [fact: string]: Json };
  readonly occasion?: Partial<Occasion>;
  readonly settled?: true;
  /** A part of the refusal and its hint. */
  readonly refused?: string;
  readonly change?: {
    readonly after?: { readonly [fact: string]: Json };
    readonly actions?: readonly Json[];
    readonly because?: string;
    /** Actions of the undo. */
    readonly undo?: readonly Json[];
    /** `false` where the world brings about what no action does (a condition); then only the functions are looked at. */
    readonly simulated?: boolean;
  };
  /** A part of why an event has to happen; `false` when it does not have to. */
  readonly needed?: string | false;
  readonly actions?: readonly Json[];
  readonly done?: { readonly progress: string; readonly because?: string };
  readonly verdict?: string;
  /** A part of the reason. */
  readonly because?: string;
  readonly evidence?: Json;
  readonly value?: Json;
}

/** Registers a test for each case in the `*.cases.yaml` files below a directory, and one that every definition has some. */
export function describeCases(definitions: readonly Definition[], directory: string): void {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.cases.yaml'),
  );
  for (const definition of definitions) {
    const wanted = `${definition.id.split('.').at(-1)}.cases.yaml`;
    const file = files.find((one) => basename(one) === wanted);
    describe(definition.id, () => {
      test('its examples parse', () => {
        for (const example of definition.examples) definition.input.parse(example.with);
        expect(definition.examples.length).toBeGreaterThan(0);
      });
      test('it has cases', () => expect(file, `${wanted} is missing below ${directory}`).toBeDefined());
      if (file === undefined) return;
      for (const one of parseCases<Case>(readFileSync(join(directory, file), 'utf8'))) {
        test(one.name, () => runCase(definition, one));
      }
    });
  }
}

/** Runs one case; throws where something is not as the case says, or breaks a law of its kind of step. */
export function runCase(definition: Definition, one: Case): void {
  const input = frozen(definition.input.parse(one.with));
  const world = new Map(
    (one.objects ?? []).map((object) => [nameOf({ ...object, ...object.metadata }), object]),
  );
  const seen = observe(definition, input, one, world);
  const given = { one, world, seen };
  if (definition.type === 'state') runState(definition, input, given);
  else if (definition.type === 'event') runEvent(definition, input, given);
  else if (definition.type === 'check') runCheck(definition, input, given);
  else runLookup(definition, input, given);
}

type Observation = { readonly [fact: string]: unknown };

interface Given {
  readonly one: Case;
  readonly world: World;
  readonly seen: Observation;
}

function runState(step: AnyState, input: unknown, { one, world, seen }: Given): void {
  const desired = twice(() => step.desire(input, seen));
  if (isRefused(desired)) {
    expect(`${desired.refused}; ${desired.hint ?? ''}`, 'it is refused').toContain(
      one.refused ?? '(no refusal expected)',
    );
    return;
  }
  expect(one.refused, 'it should have been refused').toBeUndefined();
  const after = { ...seen, ...desired };
  expectJson(after);
  const again = step.desire(input, frozen(after));
  expect(
    isRefused(again) ? again : equal({ ...after, ...again }, after),
    'planned again, it is settled',
  ).toBe(true);
  expect(step.actions(seen, seen, input), 'nothing leads from a state to itself').toEqual([]);
  const actions = twice(() => step.actions(seen, frozen(after), input));
  if (one.settled) {
    expect(plain(after), 'it is settled').toEqual(plain(seen));
    return;
  }
  expect(equal(after, seen), 'it is not settled').toBe(false);
  const undo = twice(() => step.actions(after, seen, input));
  const { change = {} } = one;
  if (change.after !== undefined) expect(plain(after)).toMatchObject(plain(change.after) as object);
  if (change.actions !== undefined) expect(plain(actions)).toEqual(plain(change.actions));
  if (change.undo !== undefined) expect(plain(undo)).toEqual(plain(change.undo));
  if (change.because !== undefined) expect(step.explain?.(seen, after, input)).toContain(change.because);
  if (change.simulated === false || step.on === 'host') return;
  const start = worldOf(step, input, one, world);
  const acted = performed(start, actions);
  expect(plain(reread(step, input, one, acted)), 'what is observed is what was planned').toEqual(
    plain(after),
  );
  const undone = performed(acted, undo);
  expect(plain(reread(step, input, one, undone)), 'undo leads back').toEqual(plain(seen));
}

function runEvent(step: AnyEvent, input: unknown, { one, seen }: Given): void {
  const occasion = { run: 'run-1', startedAt: '2025-01-15T10:45:00.000Z', changed: [], ...one.occasion };
  const needed = twice(() => step.needed(input, seen, occasion));
  if (isRefused(needed)) {
    expect(`${needed.refused}; ${needed.hint ?? ''}`, 'it is refused').toContain(
      one.refused ?? '(no refusal expected)',
    );
    return;
  }
  expect(one.refused, 'it should have been refused').toBeUndefined();
  if (one.needed === false) expect(needed, 'it is not needed').toBeUndefined();
  else if (one.needed !== undefined) expect(needed, 'it is needed').toContain(one.needed);
  const actions = twice(() => step.actions(input, seen, occasion));
  if (one.actions !== undefined) expect(plain(actions)).toEqual(plain(one.actions));
  const done = twice(() => step.done(input, seen, occasion));
  expectJson(done);
  if (one.done !== undefined) {
    expect(`${done.progress}: ${done.because}`).toContain(`${one.done.progress}: `);
    expect(done.because).toContain(one.done.because ?? '');
  }
  if (typeof step.undo === 'function') {
    expect(step.undo(input, seen, seen), 'nothing happened, so there is nothing to undo').toEqual([]);
  } else expect('again' in step.undo ? step.undo.again : step.undo.irreversible).not.toBe('');
}

function runCheck(step: AnyCheck, input: unknown, { one, seen }: Given): void {
  const verdict = twice(() => step.expect(input, seen));
  expectJson(verdict);
  expect(`${verdict.verdict}: ${verdict.because}`).toContain(`${one.verdict}: `);
  expect(verdict.because).toContain(one.because ?? '');
  if (one.evidence !== undefined) expect(plain(verdict.evidence)).toEqual(plain(one.evidence));
}

function runLookup(step: AnyLookup, input: unknown, { one, seen }: Given): void {
  const value = twice(() => step.value(input, seen));
  expectJson(value ?? null);
  expect(plain(value)).toEqual(plain(one.value));
  if (value !== undefined)
    expect(step.output.safeParse(value).error, 'the value has the shape it promises').toBeUndefined();
}

function observe(definition: Definition, input: unknown, one: Case, world: World): Observation {
  const first = definition.facts(input);
  const seen = readAll(first, one, world);
  const more = definition.moreFacts?.(input, seen) ?? {};
  return frozen({ ...seen, ...readAll(more, one, world) });
}

/** What the world shows of the facts once actions were performed: what was given raw as an object is in the world by now. */
function reread(definition: Definition, input: unknown, one: Case, world: World): Observation {
  const kept = Object.entries(one.raw ?? {}).filter(([name]) => !isGet(definition.facts(input)[name]));
  return observe(definition, input, { ...one, raw: Object.fromEntries(kept) }, world);
}

function worldOf(definition: Definition, input: unknown, one: Case, world: World): World {
  const given = Object.entries(definition.facts(input)).flatMap(
    ([name, { read }]): [string, ClusterObject][] => {
      const raw = one.raw?.[name];
      return read.read === 'get' && raw !== undefined && raw !== null
        ? [[nameOf(read.ref), raw as ClusterObject]]
        : [];
    },
  );
  return new Map([...world, ...given]);
}

function readAll(facts: Facts, one: Case, world: World): Observation {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => {
      const raw = one.raw?.[name];
      const twin = Object.entries(facts).find(
        ([other, { read }]) => one.raw?.[other] !== undefined && readKey(read) === readKey(fact.read),
      );
      const value =
        raw !== undefined ? raw : twin !== undefined ? one.raw?.[twin[0]] : readObjects(fact.read, world);
      if (value === undefined)
        throw new Error(`the case gives nothing for the fact ${name}: ${readKey(fact.read)}`);
      const parsed = twice(() => fact.parse(frozen(value) as never));
      expectJson(parsed);
      return [name, parsed];
    }),
  );
}

function isGet(fact: Fact<TargetKind, unknown> | undefined): boolean {
  return fact?.read.read === 'get';
}

/** Calls a function that must be pure a second time: the same must come of it. */
function twice<T>(call: () => T): T {
  const first = call();
  expect(plain(call()), 'called twice, the same comes of it').toEqual(plain(first));
  return first;
}

function expectJson(value: unknown): void {
  const text = JSON.stringify(plain(value));
  expect(text === undefined ? undefined : JSON.parse(text), 'it survives JSON').toEqual(plain(value));
}

/** Secrets as text that can be compared. */
function plain(value: unknown): unknown {
  return mapSecrets(value, (secret) => `‹secret› ${secret.reveal()}`);
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
