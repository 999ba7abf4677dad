import {
  type Action,
  type AnyEvent,
  type AnyState,
  type ClusterAction,
  type ClusterObject,
  type ClusterRead,
  type Fact,
  type Facts,
  groupOf,
  isRefused,
  type ObjectRef,
  type Occasion,
  Secret,
  type TargetKind,
} from '@claw-run/core';
import type { Look } from './look.ts';
import { isClusterAction, objectOf, sameObject } from './predict.ts';
import { absent } from './read-grants.ts';

/** What a step may do, whatever it finds. */
export interface PossibleActions {
  /** From what is there now. */
  readonly now: readonly Action[];
  /** From what is there now, or from nothing: what is in them is what a run would write. */
  readonly sure: readonly Action[];
  /** From made-up values of what is there: their objects are right, what is in them is not. */
  readonly madeUp: readonly Action[];
}

type Seen = Extract<Look, { look: 'seen' }>;
type Values = { readonly [fact: string]: unknown };

/**
 * Every kind of action that a step may perform, and those that roll it back: asked of the step itself, which is pure, for what is there now, for each of
 * its facts absent, and for each value of them changed.
 */
export function possibleActions(uses: AnyState | AnyEvent, look: Seen, occasion: Occasion): PossibleActions {
  const ask = (from: Values) =>
    uses.type === 'state' ? ofState(uses, look, from) : ofEvent(uses, look, from, occasion);
  const now = attempt(() => ask(look.seen));
  const sure = [...now, ...withAbsent(look).flatMap((from) => attempt(() => ask(from)))];
  const madeUp = [look.seen, ...wanted(uses, look)]
    .flatMap(withChanged)
    .flatMap((from) => attempt(() => ask(from)))
    .filter((action) => !isClusterAction(action) || attempt(() => [isRead(objectOf(action), look.facts)])[0]);
  return { now, sure, madeUp };
}

/** The objects that facts read by name. */
export function refsOf(facts: Facts): readonly ObjectRef[] {
  return Object.values(facts).flatMap(({ read }: Fact<TargetKind, unknown>) =>
    read.read === 'get' ? [(read as ClusterRead & { read: 'get' }).ref] : [],
  );
}

/** Whether an object is among what facts read: of another a made-up value told. */
function isRead(ref: ObjectRef, facts: Facts): boolean {
  const lists = Object.values(facts).flatMap(({ read }) => (read.read === 'list' ? [read] : []));
  return (
    refsOf(facts).some((one) => sameObject(one, ref)) ||
    lists.some(
      ({ apiVersion, kind, namespace }) =>
        kind === ref.kind &&
        groupOf(apiVersion) === groupOf(ref.apiVersion) &&
        (namespace === undefined || namespace === ref.namespace),
    )
  );
}

/** The rules of a role that an action writes; none for what is no role. */
export function rulesWritten(action: ClusterAction): readonly unknown[] {
  if (action.do === 'issue-token' || action.do === 'delete') return [];
  const ref = objectOf(action);
  if (groupOf(ref.apiVersion) !== 'rbac.authorization.k8s.io' || !ref.kind.endsWith('Role')) return [];
  if (action.do !== 'patch') return listOf((action.object as ClusterObject).rules);
  return action.patch.flatMap((one) => {
    if (one.op !== 'add' && one.op !== 'replace') return [];
    if (one.path === '/rules') return listOf(one.value);
    return /^\/rules\/[^/]+$/.test(one.path) ? [one.value] : [];
  });
}

function ofState(uses: AnyState, { input }: Seen, from: Values): readonly Action[] {
  const desired = uses.desire(input, from);
  if (isRefused(desired)) return [];
  const after = { ...from, ...desired };
  return [...uses.actions(from, after, input), ...uses.actions(after, from, input)];
}

function ofEvent(
  uses: AnyEvent,
  { input, seen: now }: Seen,
  from: Values,
  occasion: Occasion,
): readonly Action[] {
  const { undo } = uses;
  return [
    ...uses.actions(input, from, occasion),
    ...(uses.tidy?.(input, from, occasion) ?? []),
    ...(typeof undo === 'function' ? [...undo(input, from, now), ...undo(input, now, from)] : []),
  ];
}

function withAbsent({ facts, seen }: Seen): readonly Values[] {
  return Object.entries(facts).flatMap(([name, fact]) =>
    attempt(() => [{ ...seen, [name]: fact.parse(absent(fact.read) as never) }]),
  );
}

const mostChanges = 500;

/** What a step wants: it may be there by then, all but a little. */
function wanted(uses: AnyState | AnyEvent, { input, seen }: Seen): readonly Values[] {
  if (uses.type === 'event') return [];
  return attempt(() => {
    const desired = uses.desire(input, seen);
    return isRefused(desired) ? [] : [{ ...seen, ...desired }];
  });
}

function withChanged(seen: Values): readonly Values[] {
  return Object.entries(seen).flatMap(([name, value]) =>
    changed(value)
      .slice(0, mostChanges)
      .map((other) => ({ ...seen, [name]: other })),
  );
}

/** Copies of a value that each differ from it in one place: another text, a number more, a key or an item less. */
function changed(value: unknown): readonly unknown[] {
  if (value instanceof Secret) return [new Secret(`${value.reveal()}-`)];
  if (typeof value === 'string') return [`${value}-`, ...withoutLines(value)];
  if (typeof value === 'number') return [value + 1];
  if (typeof value === 'boolean') return [!value];
  if (Array.isArray(value))
    return value.flatMap((item, at) => [
      value.toSpliced(at, 1),
      ...changed(item).map((other) => value.with(at, other)),
    ]);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const { [key]: _, ...less } = value as Record<string, unknown>;
    return [less, ...changed(item).map((other) => ({ ...value, [key]: other }))];
  });
}

/** Of a text of several lines, what it is without each: another text of its kind, where a letter more might be none. */
function withoutLines(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.length < 2 ? [] : lines.map((_, at) => lines.toSpliced(at, 1).join('\n'));
}

/** Nothing is made for values that never were: where nothing can be made of them, they tell nothing. */
function attempt<T>(work: () => readonly T[]): readonly T[] {
  try {
    return work();
  } catch {
    return [];
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
