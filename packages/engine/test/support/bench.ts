import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyEvent,
  type AnyState,
  type ClusterObject,
  type Connection,
  type ObjectRef,
  type Runbook,
  refOf,
} from '@claw-run/core';
import { startApiServer } from '@claw-run/sandbox';
import { connectCluster } from '@claw-run/transports';
import { afterAll, beforeAll } from 'vitest';
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
import { configMapRef } from './steps.ts';

export { proof, runbookOf, step, use } from './runbook.ts';

/** An API server to run on; kubeconfigs are texts. */
export interface BenchServer {
  readonly kubeconfig: string;
  readonly kubeconfigFor: (user: { readonly name: string }) => string;
  readonly close: () => Promise<void>;
}

/** What a test runs on: an API server of its own file, and journals. */
export interface Bench {
  readonly server: BenchServer;
  readonly connection: Connection<'cluster'>;
  readonly journals: JournalStore;
  /** Where the journals are. */
  readonly folder: string;
  readonly connectAs: (name: string) => Promise<Connection<'cluster'>>;
  readonly go: (runbook: Runbook, more?: Partial<RunOptions>) => Promise<Told>;
  readonly resume: (runbook: Runbook, id: string, more?: Partial<RunOptions>) => Promise<Told>;
  readonly undo: (
    runbook: Runbook,
    id: string,
    more?: Partial<RunOptions> & { force?: boolean },
  ) => Promise<Told>;
  readonly get: (ref: ObjectRef) => Promise<ClusterObject | null>;
  /** The value of a ConfigMap, or nothing. */
  readonly text: (name: string, key?: string) => Promise<unknown>;
  /** Puts objects there in place of what is there. */
  readonly put: (...objects: readonly ClusterObject[]) => Promise<void>;
  readonly remove: (...names: readonly string[]) => Promise<void>;
}

/** A run and what it told. */
export interface Told {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
}

/** Registers hooks that start the server and clear it away. */
export function useBench(start: () => Promise<BenchServer> = startApiServer): () => Bench {
  let bench: Bench | undefined;
  let close = async () => {};
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'claw-run-engine-'));
    const server = await start();
    bench = await benchOn(server, folder);
    close = async () => {
      await bench?.connection.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    };
  });
  afterAll(() => close());
  return () => {
    if (bench === undefined) throw new Error('the server is not up yet');
    return bench;
  };
}

async function benchOn(server: BenchServer, folder: string): Promise<Bench> {
  let users = 0;
  const connect = async (text: string) => {
    users += 1;
    const kubeconfig = join(folder, `kubeconfig-${users}`);
    await writeFile(kubeconfig, text, { mode: 0o600 });
    return connectCluster({ kubeconfig, userAgent: 'claw-run/test' });
  };
  const connection = await connect(server.kubeconfig);
  const journals = createJournalStore(join(folder, 'journals'));
  const { signal } = new AbortController();
  const get: Bench['get'] = async (ref) =>
    (await connection.read({ read: 'get', ref }, { signal })) as ClusterObject | null;
  const told = async (work: (options: { emit: (event: RunEvent) => void }) => Promise<RunOutcome>) => {
    const events: RunEvent[] = [];
    const outcome = await work({ emit: (event) => events.push(event) });
    return { outcome, events };
  };
  const shared = { connections: { cluster: connection }, journals, who: 'tester@bench' };
  return {
    server,
    connection,
    journals,
    folder: join(folder, 'journals'),
    connectAs: (name) => connect(server.kubeconfigFor({ name })),
    go: (runbook, more = {}) => told((options) => run({ ...shared, runbook, ...options, ...more })),
    resume: (runbook, id, more = {}) =>
      told(async (options) =>
        resume({ ...shared, runbook, ...options, ...more, journal: await journals.open(id) }),
      ),
    undo: (runbook, id, more = {}) =>
      told(async (options) =>
        undoRun({
          ...shared,
          runbook,
          ...options,
          ...more,
          journal: await journals.open(id),
          definition: (uses) => actingOf(runbook).find((one) => one.id === uses),
        }),
      ),
    get,
    async text(name, key = 'text') {
      const object = await get(configMapRef(name));
      return (object?.data as Record<string, unknown> | undefined)?.[key];
    },
    async put(...objects) {
      for (const object of objects) {
        await connection.perform({ do: 'delete', ref: refOf(object) }, { key: 'put', signal });
        await connection.perform({ do: 'create', object }, { key: 'put', signal });
      }
    },
    async remove(...names) {
      for (const name of names) {
        await connection.perform({ do: 'delete', ref: configMapRef(name) }, { key: 'remove', signal });
      }
    },
  };
}

function actingOf({ steps, verify }: Runbook): readonly (AnyState | AnyEvent)[] {
  return [...steps, ...verify].flatMap(({ uses }) => (uses.type === 'check' ? [] : [uses]));
}
