import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Connection,
  createLibrary,
  type Definition,
  type ParamValue,
  type Runbook,
} from '@claw-run/core';
import { createJournalStore, type RunEvent, type RunOptions, run, undoRun } from '@claw-run/engine';
import { compileRunbook } from '@claw-run/runbook';
import { connectSsh, type SshOptions } from '@claw-run/transports';
import type { LabHost } from './lab.ts';

/** A shipped runbook with the hosts that it is tried on. */
export interface Bench {
  readonly runbook: Runbook;
  readonly go: (options?: Partial<RunOptions>) => Promise<Told>;
  readonly undo: (run: string) => Promise<Told>;
}

export interface Told {
  readonly outcome: Awaited<ReturnType<typeof run>>;
  readonly events: readonly RunEvent[];
}

/** A lab host as claw-run reaches it: by its own key and known hosts, and nobody's configuration. */
export function reach(
  host: LabHost,
  user = 'root',
  more: Partial<SshOptions> = {},
): Promise<Connection<'host'>> {
  const { address, port, key, known_hosts } = host;
  return connectSsh({
    destination: `${user}@${address}:${port}`,
    configFiles: [],
    knownHosts: [known_hosts],
    identityFiles: [key],
    agent: false,
    home: '/nonexistent',
    env: {},
    ...more,
  });
}

export async function arrangeRunbook(options: {
  readonly name: string;
  readonly libraries: readonly (readonly Definition[])[];
  readonly connections: { readonly [target: string]: Connection };
  readonly params: { readonly [name: string]: ParamValue };
  /** Where journals are kept. */
  readonly folder: string;
}): Promise<Bench> {
  const library = createLibrary(...options.libraries);
  const runbook = await compiled(options.name, library);
  const journals = createJournalStore(options.folder);
  const defaults = Object.fromEntries(
    runbook.params.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]])),
  );
  const given = (events: RunEvent[]): RunOptions => ({
    runbook,
    connections: options.connections,
    params: { ...defaults, ...options.params },
    journals,
    who: 'test@localhost',
    emit: (event) => events.push(event),
  });
  return {
    runbook,
    async go(more = {}) {
      const events: RunEvent[] = [];
      return { outcome: await run({ ...given(events), ...more }), events };
    },
    async undo(id) {
      const events: RunEvent[] = [];
      const definition = (uses: string) => {
        const one = library.get(uses);
        return one?.type === 'state' || one?.type === 'event' ? one : undefined;
      };
      return {
        outcome: await undoRun({ ...given(events), journal: await journals.open(id), definition }),
        events,
      };
    },
  };
}

/** The ids of the causes that were found, sorted. */
export function found({ outcome }: Told): readonly string[] {
  return outcome.causes.flatMap(({ id, finding }) => (finding === 'found' ? [id] : [])).toSorted();
}

/** Ids of the steps that were planned to change something. */
export function changing({ events }: Told): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'step.planned' && event.plan === 'change' ? [event.id] : [],
  );
}

/** The run in words, for a failed expectation. */
export function told({ events, outcome }: Told): string {
  const lines = events.map((event) => JSON.stringify({ ...event, actions: undefined, diff: undefined }));
  return [...lines, JSON.stringify(outcome.problems)].join('\n');
}

async function compiled(name: string, library: ReturnType<typeof createLibrary>): Promise<Runbook> {
  const file = join(import.meta.dirname, `../../../runbooks/${name}.yaml`);
  const result = await compileRunbook(
    { file, bytes: await readFile(file) },
    { library, readInclude: (path) => readFile(path) },
  );
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.runbook;
}
