import type { CauseScope, Json, ParamValue, Runbook, Scope, StepScope } from '@claw-run/core';
import { ClawError, type Connection, problemOf, type Redactor, secretsIn } from '@claw-run/core';
import { isEvent, type JournalRecord, type NewRecord, type RunEvent } from './event.ts';
import type { FleetPart } from './run-options.ts';
import { shownOf } from './shown.ts';
import { isGood, runStatuses } from './status.ts';
import { createWorld, type World } from './world.ts';

/** What a run is given. */
export interface SessionOptions {
  readonly runbook: Runbook;
  readonly run: string;
  /** Whose part it does, where it is one of a fleet's. */
  readonly part: FleetPart | undefined;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly dryRun: boolean;
  readonly params: { readonly [name: string]: ParamValue };
  /** One connection for each target of the runbook. */
  readonly connections: { readonly [target: string]: Connection };
  /** Named groups of symptoms that were found in a log. */
  readonly facts: { readonly [name: string]: string };
  readonly emit: (event: RunEvent) => void;
  /** What the journal of the run holds already. */
  readonly past: readonly JournalRecord[];
  readonly redactor: Redactor;
  /** How long a target that was lost on the way is waited for. */
  readonly reconnectSeconds: number;
  readonly now: () => Date;
  /** Aborted when the run is to stop after the action in hand. */
  readonly signal: AbortSignal;
}

type RunEnd = NewRecord & { readonly type: 'run.ended' };

/** A run in memory: the worlds of its targets, what expressions see, and where its records go. */
export interface Session extends SessionOptions {
  readonly world: (target: string) => World;
  /** Tells what is at risk, once. Not kept in the journal: who resumes is told anew. */
  readonly warn: (message: string) => void;
  readonly forgetAll: () => void;
  readonly scope: () => Scope;
  readonly setFact: (name: string, value: Json | undefined) => void;
  readonly setCause: (id: string, cause: CauseScope) => void;
  readonly setStep: (id: string, step: StepScope) => void;
  /** Every record of the run so far, those of its past first. */
  readonly records: () => readonly JournalRecord[];
  /** Stamps a record, keeps it in the journal once there is one, and tells it. */
  readonly record: (record: NewRecord) => Promise<void>;
  /** The last record. Where the journal does not take it, the end is told all the same, and with it why. */
  readonly recordEnd: (end: RunEnd) => Promise<RunEnd>;
  /** From now on records are kept: first the given one, which makes a journal usable, then those so far. */
  readonly keepIn: (append: (record: JournalRecord) => Promise<void>, first?: NewRecord) => Promise<void>;
  /** From now on records are told only. */
  readonly keepNoMore: () => void;
}

export function createSession(options: SessionOptions): Session {
  const warned = new Set<string>();
  const warn = (message: string) => {
    if (warned.has(message)) return;
    warned.add(message);
    options.emit(stamped({ type: 'warning', message }) as RunEvent);
  };
  const worlds = worldsOf(options.connections, warn);
  const facts: Record<string, Json | undefined> = { ...options.facts };
  const causes: Record<string, CauseScope> = {};
  const steps: Record<string, StepScope> = {};
  const records: JournalRecord[] = [...options.past];
  let append: ((record: JournalRecord) => Promise<void>) | undefined;

  const world = (target: string): World => {
    const found = worlds.get(target);
    if (found === undefined) {
      throw new ClawError('target-unbound', `target ${target} has no connection`, {
        hint: `bind it with --target ${target}=…`,
      });
    }
    return found;
  };

  const stamped = (fresh: NewRecord) =>
    ({
      at: options.now().toISOString(),
      run: options.run,
      ...(options.part === undefined ? {} : options.part),
      ...fresh,
    }) as JournalRecord;

  const record = async (fresh: NewRecord) => {
    for (const secret of secretsIn(fresh)) options.redactor.add(secret, { wholeFile: true });
    const kept = stamped(fresh);
    records.push(kept);
    await append?.(kept);
    if (isEvent(kept)) options.emit(shownOf(kept, options.redactor));
  };

  return {
    ...options,
    world,
    warn,
    forgetAll: () => {
      for (const each of worlds.values()) each.forget();
    },
    scope: () => ({
      params: options.params,
      targets: Object.fromEntries(
        [...worlds].map(([name, { connection }]) => [name, { name: connection.name, kind: connection.kind }]),
      ),
      facts,
      causes,
      steps,
      run: { id: options.run, startedAt: options.startedAt, dryRun: options.dryRun },
    }),
    setFact: (name, value) => {
      facts[name] = value;
    },
    setCause: (id, cause) => {
      causes[id] = cause;
    },
    setStep: (id, step) => {
      steps[id] = step;
    },
    records: () => records,
    record,
    async recordEnd(end) {
      try {
        await record(end);
        return end;
      } catch (error) {
        const problem = problemOf(error);
        append = undefined;
        records.pop();
        const problems = end.problems.some(({ message }) => message === problem.message)
          ? end.problems
          : [...end.problems, problem];
        const status = isGood(end.status) ? 'failed' : end.status;
        const journal = end.journal && problem.code !== 'journal-lost';
        const told = { ...end, status, exit: runStatuses[status].exit, problems, journal };
        await record(told);
        return told;
      }
    },
    async keepIn(write, first) {
      if (first !== undefined) await write(stamped(first));
      for (const record of records.slice(options.past.length)) await write(record);
      append = write;
    },
    keepNoMore: () => {
      append = undefined;
    },
  };
}

/** The machine that a connection leads to, and the way there. */
export function machineOf({ kind, name }: Connection): string {
  return `${kind} ${name}`;
}

/** Targets that are the same machine, reached the same way, are one world: what is planned for the one is seen of the other. */
function worldsOf(
  connections: SessionOptions['connections'],
  warn: Session['warn'],
): ReadonlyMap<string, World> {
  const machines = new Map<string, World>();
  return new Map(
    Object.entries(connections).map(([target, connection]) => {
      const machine = machineOf(connection);
      const world = machines.get(machine) ?? createWorld(connection, warn);
      machines.set(machine, world);
      return [target, world];
    }),
  );
}
