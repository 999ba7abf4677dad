import {
  ClawError,
  createRedactor,
  type PlannedStep,
  type Problem,
  problemOf,
  secretsIn,
  textsIn,
} from '@claw-run/core';
import { countSteps } from './counts.ts';
import { type Decisions, unattended } from './decisions.ts';
import type { Diagnosis } from './diagnose.ts';
import { foldJournal, type History } from './history.ts';
import type { Identity } from './identity.ts';
import { followSignal, stoppedBy } from './interrupt.ts';
import type { Journal } from './journal-store.ts';
import type { Locks } from './lock.ts';
import type { MissingRights } from './read-grants.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';
import { createSession, type Session } from './session.ts';
import { type RunStatus, runStatuses } from './status.ts';

/** How a part of a run ended. */
export interface Ended {
  readonly status: RunStatus;
  readonly problems: readonly Problem[];
}

/** A run on its way: what it was given, what it found and planned so far. */
export interface Context {
  readonly options: RunOptions;
  readonly session: Session;
  readonly history: () => History;
  readonly decisions: Decisions;
  causes: Diagnosis['causes'];
  steps: readonly PlannedStep[];
  proofs: readonly PlannedStep[];
  missing: MissingRights;
  journal: Journal | undefined;
  /** Those that are held at this time. */
  locks: Locks | undefined;
  readonly conclude: (work: () => Promise<Ended>) => Promise<RunOutcome>;
}

/** Sets a run up; `conclude` does its work and tells its end, whatever it is. */
export function createContext(
  options: RunOptions,
  { run: id, startedAt }: Identity,
  journal?: Journal,
): Context {
  const now = options.now ?? (() => new Date());
  const redactor = options.redactor ?? createRedactor();
  for (const secret of secretsIn(options.params)) redactor.add(secret);
  redactor.publish([...Object.values(options.runbook.sources), ...textsIn(options.params)]);
  const { signal, release } = followSignal(options.signal);
  const session = createSession({
    runbook: options.runbook,
    run: id,
    part: options.part,
    startedAt,
    dryRun: options.mode === 'plan',
    params: options.params ?? {},
    connections: options.connections,
    facts: options.facts ?? {},
    emit: options.emit ?? (() => {}),
    past: journal?.records ?? [],
    redactor,
    reconnectSeconds: options.reconnectSeconds ?? 60,
    now,
    signal,
  });
  const context: Context = {
    options,
    session,
    history: () => foldJournal(session.records()),
    decisions: options.decisions ?? unattended,
    causes: [],
    steps: [],
    proofs: [],
    missing: { grants: [], sudo: [] },
    journal,
    locks: undefined,
    async conclude(work) {
      const { status, problems: all } = await work().catch(async (error: unknown): Promise<Ended> => {
        const problem = await problemOrClose(error, context.journal);
        if (problem.code === 'journal-lost') await giveUpJournal(context);
        const acted = context.history().begun.length > 0;
        return { status: statusOf(problem, acted), problems: [problem] };
      });
      release();
      const { exit } = runStatuses[status];
      // a host that cannot be reached is one problem, however many steps wanted it
      const problems = redactor.redactJson([
        ...new Map(all.map((problem) => [problem.message, problem])).values(),
      ]);
      const verifying = new Set(session.runbook.verify.map((one) => one.id));
      const counts = countSteps(session.records(), verifying);
      const kept = context.journal !== undefined;
      const end = { type: 'run.ended', status, exit, problems, counts, journal: kept } as const;
      const last = await session.recordEnd(end);
      await context.journal?.close();
      return {
        run: id,
        startedAt,
        status: last.status,
        exit: last.exit,
        problems: last.problems,
        counts,
        causes: context.causes,
        steps: context.steps,
        missingGrants: context.missing.grants,
        missingSudo: context.missing.sudo,
      };
    },
  };
  return context;
}

/** A journal that is gone keeps nothing any more, and nothing is resumed or rolled back from it. */
export async function giveUpJournal(context: Context): Promise<void> {
  context.session.keepNoMore();
  await context.journal?.close();
  context.journal = undefined;
}

/** A bug is thrown on; the journal is given up all the same. */
async function problemOrClose(error: unknown, journal: Journal | undefined): Promise<Problem> {
  if (!(error instanceof ClawError)) await journal?.close().catch(() => undefined);
  return problemOf(error);
}

function statusOf(problem: Problem, acted: boolean): RunStatus {
  switch (problem.code) {
    case 'locked':
      return 'locked';
    case 'stale-plan':
      return 'stale-plan';
    case 'timeout':
      return 'timed-out';
    case 'cancelled':
      return stoppedBy(problem);
    case 'lock-lost':
      return 'failed';
    default:
      return acted ? 'failed' : 'refused';
  }
}

export function ended(status: RunStatus, problems: readonly Problem[] = []): Ended {
  return { status, problems };
}
