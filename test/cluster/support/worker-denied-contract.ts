import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createLibrary, type ParamValue, type Runbook } from '@claw-run/core';
import { createJournalStore, type RunEvent, type RunOptions, run, undoRun } from '@claw-run/engine';
import { kubernetes } from '@claw-run/kubernetes';
import { openclaw } from '@claw-run/openclaw';
import { compileRunbook } from '@claw-run/runbook';
import { type Sandbox, type Scenario, startSandbox } from '@claw-run/sandbox';
import { connectCluster, connectLocal } from '@claw-run/transports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openclawProgram, root } from '../../support/programs.ts';
import { snapshot } from './snapshot.ts';

const file = join(root, 'runbooks/worker-denied.yaml');
const library = createLibrary(kubernetes, openclaw);

export interface Server {
  readonly kubeconfig: string;
  readonly close: () => Promise<void>;
}

/** What runbooks/worker-denied.yaml has to do on any API server, for each of the worlds. */
export function describeWorkerDenied(
  start: () => Promise<Server>,
  worlds: readonly (readonly Scenario[])[],
): void {
  let server: Server;
  let folder: string;
  beforeAll(async () => {
    server = await start();
    folder = await mkdtemp(join(tmpdir(), 'claw-run-worker-denied-'));
  });
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(worlds.map((scenarios) => ({ scenarios, title: scenarios.join(' and ') })))(
    '$title',
    ({ scenarios }) => {
      const causes = scenarios.filter((scenario) => scenario !== 'healthy').toSorted();

      test('is diagnosed as exactly that, mended by nothing else, settled then, and undone', async () => {
        const sandbox = await startSandbox({
          scenarios,
          kubeconfig: server.kubeconfig,
          openclaw: openclawProgram,
        });
        try {
          await sandbox.settled();
          const bench = await arrange(sandbox, folder);
          const before = await snapshot(bench.cluster);

          const dry = await bench.go({ mode: 'plan' });
          expect(found(dry.outcome), told(dry.events)).toEqual(causes);
          expect(await snapshot(bench.cluster), 'a dry run changes nothing').toEqual(before);

          const mended = await bench.go({});
          expect(
            { status: mended.outcome.status, found: found(mended.outcome) },
            told(mended.events),
          ).toEqual({ status: 'ok', found: causes });
          expect(changes(mended.events), 'the plan of the run is the plan of the dry run').toEqual(
            changes(dry.events),
          );
          const after = await snapshot(bench.cluster);
          if (causes.length === 0) expect(after).toEqual(before);

          const again = await bench.go({});
          expect(
            { status: again.outcome.status, found: found(again.outcome), changes: changes(again.events) },
            told(again.events),
          ).toEqual({ status: 'ok', found: [], changes: [] });
          expect(await snapshot(bench.cluster), 'a second run changes nothing').toEqual(after);
          if (causes.length === 0) return;

          const undone = await bench.undo(mended.outcome.run);
          expect(undone.outcome.status, told(undone.events)).toBe('ok');
          expect(await snapshot(bench.cluster), 'after roll-back every object is its former self').toEqual(
            before,
          );
        } finally {
          await sandbox.close();
        }
      });
    },
  );
}

export interface Bench {
  readonly cluster: Connection<'cluster'>;
  readonly go: (options: Partial<RunOptions>) => Promise<Told>;
  readonly undo: (id: string) => Promise<Told>;
}

interface Told {
  readonly outcome: Awaited<ReturnType<typeof run>>;
  readonly events: readonly RunEvent[];
}

export async function arrange(
  sandbox: Sandbox,
  folder: string,
  kubeconfig = sandbox.kubeconfig,
): Promise<Bench> {
  const runbook = await compiled();
  const cluster = await connectCluster({ kubeconfig, userAgent: 'claw-run/test' });
  const env = { ...process.env, PATH: `${sandbox.bin}:${process.env.PATH}` };
  const operator = connectLocal({ env, lockFolder: join(folder, 'locks') });
  const journals = createJournalStore(folder);
  const options = (events: RunEvent[]): RunOptions => ({
    runbook,
    connections: { cluster, operator },
    params: Object.fromEntries(runbook.params.map(({ name, default: value }) => [name, value as ParamValue])),
    journals,
    who: 'test@localhost',
    emit: (event) => events.push(event),
  });
  return {
    cluster,
    async go(more) {
      const events: RunEvent[] = [];
      return { outcome: await run({ ...options(events), ...more }), events };
    },
    async undo(id) {
      const events: RunEvent[] = [];
      const definition = (uses: string) => {
        const one = library.get(uses);
        return one?.type === 'state' || one?.type === 'event' ? one : undefined;
      };
      return {
        outcome: await undoRun({ ...options(events), journal: await journals.open(id), definition }),
        events,
      };
    },
  };
}

async function compiled(): Promise<Runbook> {
  const result = await compileRunbook(
    { file, bytes: await readFile(file) },
    { library, readInclude: (name) => readFile(name) },
  );
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.runbook;
}

export function found({ causes }: Told['outcome']): readonly string[] {
  return causes.flatMap(({ id, finding }) => (finding === 'found' ? [id] : [])).toSorted();
}

/** What is planned, without what bears the time or the id of the run. */
function changes(events: readonly RunEvent[]): readonly unknown[] {
  return events.flatMap((event) =>
    event.type === 'step.planned' &&
    event.plan === 'change' &&
    event.id !== 'restart' &&
    event.id !== 'a-test-job-is-completed'
      ? [{ id: event.id, diff: event.diff }]
      : [],
  );
}

/** The run in words, for a failed expectation. */
function told(events: readonly RunEvent[]): string {
  return events.map((event) => JSON.stringify({ ...event, actions: undefined, diff: undefined })).join('\n');
}
