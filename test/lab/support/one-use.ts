import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, JsonObject, Library } from '@claw-run/core';
import { createJournalStore, type JournalStore, type RunOutcome, run, undoRun } from '@claw-run/engine';
import { onTestFinished } from 'vitest';
import { runbookOf } from '../../../packages/engine/test/support/runbook.ts';

export interface OneUse {
  readonly input: JsonObject;
  readonly connect: () => Promise<Connection>;
  readonly timeoutSeconds?: number | undefined;
}

/** What a check of a library finds on a target. */
export async function askCheck(library: Library, id: string, { input, connect }: OneUse) {
  const uses = library.get(id);
  if (uses?.type !== 'check') throw new Error(`${id} is no check`);
  const cause = {
    id: 'it',
    name: uses.summary,
    title: uses.summary,
    uses,
    on: 'it',
    with: () => input,
    needs: [],
  };
  const journals = await makeJournals();
  const connection = await connect();
  const { causes } = await run({
    runbook: runbookOf({ targets, causes: [cause] }),
    connections: { it: connection },
    journals,
    who: 'laws@test',
    mode: 'diagnose',
  }).finally(() => connection.close());
  return causes[0];
}

export interface TriedStep {
  readonly applied: RunOutcome;
  /** Everything that the runs told, as JSON lines. */
  readonly told: () => string;
  readonly undo: () => Promise<RunOutcome>;
}

/** One use as the only step of a runbook: applied, and ready to be rolled back. */
export async function tryStep(library: Library, id: string, use: OneUse): Promise<TriedStep> {
  const { input, connect, timeoutSeconds } = use;
  const uses = library.get(id);
  if (uses?.type !== 'state' && uses?.type !== 'event') throw new Error(`${id} is no step`);
  const step = { id: 'it', name: uses.summary, uses, on: 'it', with: () => input, needs: [] };
  const steps = [timeoutSeconds === undefined ? step : { ...step, timeoutSeconds }];
  const journals = await makeJournals();
  const identity = { run: `try-${crypto.randomUUID()}`, startedAt: new Date().toISOString() };
  const told: string[] = [];
  const options = {
    runbook: runbookOf({ targets, steps }),
    journals,
    who: 'laws@test',
    emit: (event: unknown) => void told.push(JSON.stringify(event)),
  };
  const connected = async (work: (it: Connection) => Promise<RunOutcome>) => {
    const connection = await connect();
    return work(connection).finally(() => connection.close());
  };
  return {
    applied: await connected((it) => run({ ...options, connections: { it }, identity })),
    told: () => told.join('\n'),
    undo: async () => {
      const journal = await journals.open(identity.run);
      return connected((it) => undoRun({ ...options, connections: { it }, journal, definition: () => uses }));
    },
  };
}

/** Journals for one test. */
async function makeJournals(): Promise<JournalStore> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-use-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return createJournalStore(folder);
}

const targets = [{ name: 'it', kind: 'host', many: false }] as const;
