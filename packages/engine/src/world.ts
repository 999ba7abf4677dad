import {
  type Action,
  ClawError,
  type ClusterObject,
  type Connection,
  type DryRunResult,
  type Fact,
  type Facts,
  nameOf,
  type Problem,
  problemOf,
  type RunResult,
  readKey,
  type TargetKind,
} from '@claw-run/core';
import { missingProgram } from './missing-program.ts';
import { dependsOn, isClusterAction, objectOf, predictRead, sameObject, unpredictable } from './predict.ts';
import { withinSignal } from './time-limit.ts';

/** The values of facts by name, what could not be read, and what cannot be known before earlier steps have acted. */
export interface Observation {
  readonly seen: { readonly [fact: string]: unknown };
  readonly unreadable: readonly { readonly fact: AnyFact; readonly problem: Problem }[];
  readonly unpredictable: readonly AnyFact[];
  /** Objects that are there and on their way out. */
  readonly leaving: readonly Leaving[];
}

/** An object that is being deleted, and what holds it. */
export interface Leaving {
  readonly name: string;
  readonly finalizers: readonly string[];
}

export type AnyFact = Fact<TargetKind, unknown>;

/**
 * One target as a run sees it: every read is made once until something on the target was changed, and, while planning, what earlier
 * steps predict lies over what was read.
 */
export interface World {
  readonly connection: Connection;
  /** Starts reads that will be needed; answers and errors come when they are observed. */
  readonly prefetch: (facts: Facts, signal: AbortSignal) => void;
  readonly observe: (facts: Facts, signal: AbortSignal) => Promise<Observation>;
  /** Every fact that was asked for, for the grants that reading takes. */
  readonly asked: () => readonly AnyFact[];
  /** What reads wanted to run and is not there (exit 127): the program, where that was said. */
  readonly missingPrograms: () => readonly {
    readonly program: string | undefined;
    readonly command: string;
  }[];
  /** Lays the outcome of a planned step over what was read. */
  readonly predict: (
    facts: Facts,
    after: { readonly [fact: string]: unknown },
    actions: readonly Action[],
  ) => void;
  /** Drops everything read and predicted: the target has changed. */
  readonly forget: () => void;
}

/** `warn` is told what a read puts at risk, before it is made. */
export function createWorld(connection: Connection, warn: (message: string) => void): World {
  const reads = new Map<string, Promise<unknown>>();
  const answers = new Map<string, unknown>();
  const predicted = new Map<string, { fact: AnyFact; value: unknown }>();
  const asked = new Map<string, AnyFact>();
  let actions: readonly Action[] = [];

  const read = (fact: AnyFact, signal: AbortSignal): Promise<unknown> => {
    if (asked.size === 0) connection.warnings?.forEach(warn);
    if (fact.warning !== undefined) warn(fact.warning);
    asked.set(fact.key, fact);
    const key = readKey(fact.read);
    const known = reads.get(key);
    if (known !== undefined) return known;
    const reading = withinSignal(connection.read(fact.read, { signal }), signal);
    reads.set(key, reading);
    reading
      .then((raw) => answers.set(key, raw))
      .catch(() => {
        // whoever observes the fact is told
      });
    return reading;
  };

  const isLeaving = async (fact: AnyFact, signal: AbortSignal): Promise<readonly Leaving[]> => {
    const { read: wanted } = fact;
    if (wanted.read !== 'get') return [];
    const raw = predictRead(wanted, await read(fact, signal).catch(() => null), actions);
    if (raw === unpredictable || raw === null) return [];
    const { metadata } = raw as ClusterObject;
    if (metadata.deletionTimestamp === undefined) return [];
    const finalizers = Array.isArray(metadata.finalizers) ? metadata.finalizers.map(String) : [];
    return [{ name: nameOf(wanted.ref), finalizers }];
  };

  // An object or a file is parsed again from what the actions make of it: exact whatever part of it a fact is about.
  const observeFact = async (fact: AnyFact, signal: AbortSignal): Promise<unknown> => {
    const foretold = predicted.get(fact.key);
    if (foretold !== undefined && !holdsWhole(fact)) return foretold.value;
    // What a read lacks now, a user say, may come of what is planned before it.
    const got = await read(fact, signal).catch((error: unknown) => {
      if (problemOf(error).code === 'not-found' && actions.some((action) => touches(action, fact)))
        return unpredictable;
      throw error;
    });
    const raw = predictRead(fact.read, got, actions);
    if (raw !== unpredictable) return parse(fact, raw);
    return foretold === undefined ? unpredictable : foretold.value;
  };

  return {
    connection,
    prefetch: (facts, signal) => {
      for (const fact of Object.values(facts)) void read(fact, signal);
    },
    async observe(facts, signal) {
      const entries = await Promise.all(
        Object.entries(facts).map(
          async ([name, fact]) => [name, fact, await settled(observeFact(fact, signal))] as const,
        ),
      );
      const leaving = await Promise.all(Object.values(facts).map((fact) => isLeaving(fact, signal)));
      signal.throwIfAborted();
      return {
        leaving: [...new Map(leaving.flat().map((one) => [one.name, one])).values()],
        seen: Object.fromEntries(
          entries.flatMap(([name, , got]) =>
            'value' in got && got.value !== unpredictable ? [[name, got.value]] : [],
          ),
        ),
        unreadable: entries.flatMap(([, fact, got]) =>
          'problem' in got ? [{ fact, problem: got.problem }] : [],
        ),
        unpredictable: entries.flatMap(([, fact, got]) =>
          'value' in got && got.value === unpredictable ? [fact] : [],
        ),
      };
    },
    asked: () => [...asked.values()],
    missingPrograms: () => {
      const programs = [...asked.values()].flatMap(({ read: wanted }) => {
        if (wanted.read !== 'run') return [];
        const answer = answers.get(readKey(wanted)) as RunResult | undefined;
        if (answer?.exit !== 127) return [];
        const program = missingProgram(wanted.argv, answer);
        return [{ program, command: wanted.argv.join(' ') }];
      });
      return [...new Map(programs.map((one) => [one.program ?? one.command, one])).values()];
    },
    predict(facts, after, more) {
      actions = [...actions, ...more.map((action) => tried(action, answers))];
      for (const [key, { fact }] of predicted)
        if (more.some((action) => touches(action, fact))) predicted.delete(key);
      for (const [name, value] of Object.entries(after)) {
        const fact = facts[name];
        if (fact !== undefined) predicted.set(fact.key, { fact, value });
      }
    },
    forget() {
      reads.clear();
      answers.clear();
      predicted.clear();
      actions = [];
    },
  };
}

/** What a server-side apply leads to is known exactly where it was tried by a dry run. */
function tried(action: Action, answers: ReadonlyMap<string, unknown>): Action {
  if (action.do !== 'apply') return action;
  const answer = answers.get(readKey({ read: 'dry-run', action })) as DryRunResult | undefined;
  return answer?.ok ? { do: 'create', object: answer.object } : action;
}

function holdsWhole(fact: AnyFact): boolean {
  return fact.read.read === 'get' || fact.read.read === 'file';
}

async function settled(value: Promise<unknown>): Promise<{ value: unknown } | { problem: Problem }> {
  try {
    return { value: await value };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function parse(fact: AnyFact, raw: unknown): unknown {
  try {
    return fact.parse(raw as never);
  } catch (cause) {
    if (cause instanceof ClawError) throw cause;
    throw new ClawError(
      'fact-unreadable',
      `${fact.key} does not look as expected: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

/** Whether an action may change what a fact is: a prediction made before it counts no longer. */
function touches(action: Action, { read }: AnyFact): boolean {
  if (isClusterAction(action)) return read.read === 'get' && sameObject(read.ref, objectOf(action));
  return (read.read === 'run' || read.read === 'file') && dependsOn(read, action);
}
