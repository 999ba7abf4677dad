import { exec } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClawError, type Runbook } from '@claw-run/core';
import type { Options } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { startPractice } from '../run/practice.ts';
import { startPracticeHeadNode } from '../run/practice-head-node.ts';
import { snapshotClusters } from './cluster-snapshot.ts';
import { snapshotHeadNode } from './host-snapshot.ts';
import { type ChaosProxy, startProxy } from './proxy.ts';
import { partsOf, type Snapshot } from './snapshot.ts';
import { upstreamsOf } from './upstream.ts';

/** What one trial works on. */
export interface World {
  /** What processes of claw-run are told about it. */
  readonly options: Options;
  readonly env: NodeJS.ProcessEnv;
  /** Stands between them and the cluster, where there is one. */
  readonly proxy: ChaosProxy | undefined;
  readonly snapshot: () => Promise<Snapshot>;
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  readonly context: Context;
  readonly runbook: Pick<Runbook, 'targets' | 'params'>;
  readonly scenarios: readonly string[];
  /** For what belongs to this trial alone. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Starts a world of its own, or puts the one that was named back to its start. */
export function openWorld(options: WorldOptions): Promise<World> {
  const { targets } = options.runbook;
  if (options.scenarios.length === 0) return ownTargets(options);
  return targets.length > 0 && targets.every(({ kind }) => kind === 'host')
    ? practiceHeadNode(options)
    : practiceCluster(options);
}

async function practiceCluster({ context, scenarios, folder, signal }: WorldOptions): Promise<World> {
  const { io } = context;
  const sandbox = await startPractice(scenarios, { io, signal, quiet: true });
  try {
    const { config, upstreams } = await upstreamsOf(sandbox.kubeconfig);
    const proxy = await startProxy(join(folder, 'kubeconfig'), { config, upstreams });
    return {
      options: { kubeconfig: proxy.kubeconfig },
      env: withPath(io.env, sandbox.bin),
      proxy,
      snapshot: () => snapshotClusters(upstreams),
      async close() {
        await proxy.close();
        await sandbox.close();
      },
    };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

async function practiceHeadNode(options: WorldOptions): Promise<World> {
  const { context, runbook, scenarios, folder, signal } = options;
  const { io } = context;
  const node = await startPracticeHeadNode(scenarios, { io, signal, quiet: true });
  const declared = new Set(runbook.params.map(({ name }) => name));
  const params = Object.entries(node.params).filter(([name]) => declared.has(name));
  const lockDir = join(folder, 'locks');
  await mkdir(lockDir, { mode: 0o700 });
  return {
    options: {
      target: runbook.targets.map(({ name }) => `${name}=local`),
      param: params.map(([name, value]) => `${name}=${value}`),
      lockDir,
    },
    env: withPath(io.env, node.bin),
    proxy: undefined,
    snapshot: async () => merged([await snapshotHeadNode(node), await locksIn(lockDir)]),
    close: () => node.close(),
  };
}

/** The targets of the command line. */
async function ownTargets({ context, runbook, folder, signal }: WorldOptions): Promise<World> {
  const { io, options } = context;
  if (options.reset !== undefined) await shell(options.reset, context, signal);
  const isOnCluster = runbook.targets.some(({ kind }) => kind === 'cluster');
  const reached = isOnCluster ? await upstreamsOf(options.kubeconfig) : undefined;
  const used = (reached?.upstreams ?? []).filter(({ context: name }) =>
    [options.context ?? reached?.config.getCurrentContext(), ...(options.target ?? []).map(whereOf)].includes(
      name,
    ),
  );
  const proxy = reached && (await startProxy(join(folder, 'kubeconfig'), reached));
  return {
    options: proxy === undefined ? {} : { kubeconfig: proxy.kubeconfig },
    env: io.env,
    proxy,
    snapshot: async () => merged([await snapshotClusters(used), await observed(context, signal)]),
    close: async () => proxy?.close(),
  };
}

function whereOf(target: string): string {
  return target.slice(target.indexOf('=') + 1);
}

/** What `--observe` prints: each line is a thing. */
async function observed(context: Context, signal: AbortSignal): Promise<Snapshot> {
  const { observe } = context.options;
  if (observe === undefined) return new Map();
  const text = await shell(observe, context, signal);
  const seen = new Map<string, string>();
  for (const line of text.split('\n').filter((each) => each !== ''))
    seen.set(line, String(Number(seen.get(line) ?? 0) + 1));
  return seen;
}

async function shell(command: string, { io }: Context, signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(exec)(command, {
      cwd: io.cwd,
      env: io.env,
      signal,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new ClawError('action-failed', `${command}: ${stderr?.trim() || message}`, { cause: error });
  }
}

async function locksIn(folder: string): Promise<Snapshot> {
  const names = await readdir(folder);
  return new Map(names.flatMap((name) => partsOf(`lock ${name}`, {})));
}

function withPath(env: NodeJS.ProcessEnv, bin: string): NodeJS.ProcessEnv {
  return { ...env, PATH: `${bin}:${env.PATH ?? '/usr/bin:/bin'}` };
}

function merged(all: readonly Snapshot[]): Snapshot {
  return new Map(all.flatMap((each) => [...each]));
}
