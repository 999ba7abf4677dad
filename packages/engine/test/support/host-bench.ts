import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyEvent, AnyState, Connection, Runbook, Step, Verification } from '@claw-run/core';
import { onTestFinished } from 'vitest';
import {
  createJournalStore,
  type JournalStore,
  type RunEvent,
  type RunOptions,
  type RunOutcome,
  resume,
  run,
  undoRun,
} from '../../src/index.ts';
import { proof, runbookOf, step } from './runbook.ts';

/** Journals of one test, and what it takes to run a runbook on one host. */
export interface HostBench {
  readonly journals: JournalStore;
  readonly go: (runbook: Runbook, host: Connection, more?: Partial<RunOptions>) => Promise<Told>;
  readonly resume: (runbook: Runbook, host: Connection, id: string) => Promise<Told>;
  readonly undo: (runbook: Runbook, host: Connection, id: string) => Promise<Told>;
}

export interface Told {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
}

export async function hostBench(reconnectSeconds = 5): Promise<HostBench> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-hosts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const journals = createJournalStore(folder);
  const told = async (work: (emit: (event: RunEvent) => void) => Promise<RunOutcome>): Promise<Told> => {
    const events: RunEvent[] = [];
    return { outcome: await work((event) => events.push(event)), events };
  };
  const shared = { journals, who: 'tester@bench', reconnectSeconds };
  return {
    journals,
    go: (runbook, host, more = {}) =>
      told((emit) => run({ ...shared, runbook, connections: { host }, emit, ...more })),
    resume: (runbook, host, id) =>
      told(async (emit) =>
        resume({ ...shared, runbook, connections: { host }, emit, journal: await journals.open(id) }),
      ),
    undo: (runbook, host, id) =>
      told(async (emit) =>
        undoRun({
          ...shared,
          runbook,
          connections: { host },
          emit,
          journal: await journals.open(id),
          definition: (uses) => actingOf(runbook).find((one) => one.id === uses),
        }),
      ),
  };
}

/** A runbook with one host. */
export function hostRunbook(parts: Partial<Runbook>): Runbook {
  return runbookOf({ targets: [{ name: 'host', kind: 'host', many: false }], ...parts });
}

export function hostStep(
  id: string,
  uses: AnyState | AnyEvent,
  input: object,
  more: Partial<Step> = {},
): Step {
  return step(id, uses, input, { on: 'host', ...more });
}

export function hostProof(id: string, uses: Parameters<typeof proof>[1], input: object): Verification {
  return proof(id, uses, input, { on: 'host' });
}

export function actingOf({ steps, verify }: Runbook): readonly (AnyState | AnyEvent)[] {
  return [...steps, ...verify].flatMap(({ uses }) => (uses.type === 'check' ? [] : [uses]));
}
