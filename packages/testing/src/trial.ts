import { randomUUID } from 'node:crypto';
import type { Connection, Definition, JsonObject, PlannedStep, Runbook, Use } from '@claw-run/core';
import {
  createJournalStore,
  type JournalRecord,
  type JournalStore,
  type RunEvent,
  type RunOutcome,
  resume,
  run,
  undoRun,
} from '@claw-run/engine';

/** One use of a definition, as the only thing in a runbook, ready to be planned, done, gone on with and undone. */
export interface Trial {
  readonly plan: (identity?: Identity) => Promise<PlannedStep>;
  /** What a check or a lookup tells. */
  readonly ask: () => Promise<RunEvent & { type: 'cause' | 'fact' }>;
  readonly apply: (identity?: Identity, journals?: JournalStore) => Promise<RunOutcome>;
  readonly resume: (run: string) => Promise<RunOutcome>;
  readonly undo: (run: string, journals?: JournalStore) => Promise<RunOutcome>;
  readonly records: (run: string) => Promise<readonly JournalRecord[]>;
  readonly journals: JournalStore;
  /** How many actions were performed through this trial. */
  readonly performed: () => number;
}

export interface Identity {
  readonly run: string;
  readonly startedAt: string;
}

/** The identity of a run that starts now. */
export function newIdentity(): Identity {
  return { run: `trial-${randomUUID()}`, startedAt: new Date().toISOString() };
}

/** Journals are kept under `folder`. */
export function createTrial(
  connection: Connection,
  use: { readonly definition: Definition; readonly with: JsonObject },
  folder: string,
): Trial {
  const journals = createJournalStore(folder);
  const { definition } = use;
  let performed = 0;
  const watched: Connection = {
    ...connection,
    perform(...args) {
      performed += 1;
      return connection.perform(...args);
    },
  };
  const options = {
    runbook: runbookOf(definition, use.with),
    connections: { it: watched },
    journals,
    who: 'laws@test',
  };
  return {
    journals,
    performed: () => performed,
    async plan(identity = newIdentity()) {
      const { steps, problems } = await run({ ...options, identity, mode: 'plan' });
      if (steps[0] === undefined) throw new Error(`nothing was planned: ${JSON.stringify(problems)}`);
      return steps[0];
    },
    async ask() {
      const told: RunEvent[] = [];
      await run({ ...options, mode: 'diagnose', emit: (event) => told.push(event) });
      const answer = told.find((event) => event.type === 'cause' || event.type === 'fact');
      if (answer === undefined) throw new Error('nothing was told');
      return answer;
    },
    apply: (identity = newIdentity(), store = journals) => run({ ...options, identity, journals: store }),
    resume: async (id) => resume({ ...options, journal: await journals.open(id) }),
    undo: async (id, store = journals) =>
      undoRun({
        ...options,
        journal: await store.open(id),
        definition: (name) =>
          name === definition.id && (definition.type === 'state' || definition.type === 'event')
            ? definition
            : undefined,
      }),
    async records(id) {
      const journal = await journals.open(id);
      await journal.close();
      return journal.records;
    },
  };
}

function runbookOf(definition: Definition, input: JsonObject): Runbook {
  const use = <D>(uses: D): Use<D> & { title: string } => {
    const name = definition.summary;
    return { id: 'it', name, title: name, uses, on: 'it', with: () => input, needs: [] };
  };
  return {
    name: 'laws',
    title: 'The laws',
    fixes: [],
    symptoms: [],
    params: [],
    targets: [{ name: 'it', kind: definition.on, many: false }],
    lookups: definition.type === 'lookup' ? [use(definition)] : [],
    causes: definition.type === 'check' ? [use(definition)] : [],
    steps: definition.type === 'state' || definition.type === 'event' ? [use(definition)] : [],
    verify: [],
    onFailure: 'stop',
    sources: {},
  };
}
