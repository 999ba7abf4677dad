import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createClient } from './openclaw/client.ts';
import type { Controllers } from './openclaw/deployments.ts';
import { readKubeconfig } from './openclaw/kubeconfig.ts';
import type { BackOff } from './openclaw/pod-run.ts';
import { parseScenarios, type Scenario } from './openclaw/scenarios.ts';
import { startStandIn } from './openclaw/stand-in.ts';
import type { WorldOptions } from './openclaw/world.ts';
import { wipeWorld, writeWorld } from './openclaw/write-world.ts';

export interface SandboxOptions {
  /** What is broken; none: nothing. */
  readonly scenarios: readonly Scenario[];
  /** The kubeconfig (a path) of an existing cluster. Absent: an API server of its own. */
  readonly kubeconfig?: string;
  /** Where to keep files. Absent: a private temporary folder, removed at close. */
  readonly dir?: string;
  /** How `openclawCli` is run: the first words of a command line. */
  readonly openclaw: readonly string[];
  /** The workers' namespace; `production` when absent. */
  readonly namespace?: string;
  /** The name of the workers' Deployment; `openclaw-worker` when absent. */
  readonly worker?: string;
  /**
   * Who makes the pods of Deployments. By default this program on a server of its own, and on an existing cluster
   * whoever turns out to do it there.
   */
  readonly controllers?: Controllers;
  /** The pauses before a container that ended is started again; from 1 s doubling to 8 s when absent. */
  readonly backOff?: BackOff;
  /**
   * Lets `exec` into pods run commands on this machine, as processes in a private folder, for an existing API server that shows a client certificate of
   * this CA (PEM) to kubelets. On a server of its own they are run, for whoever has its kubeconfig; on an existing cluster only with this.
   */
  readonly execFor?: string;
  /** At close, remove what was written to an existing cluster (its namespaces stay). */
  readonly wipe?: boolean;
  /** Gives up starting, and waiting in `settled`, when it aborts. */
  readonly signal?: AbortSignal;
  /** Hears of what went wrong in the background and will be tried again. */
  readonly onError?: (error: unknown) => void;
}

/** A practice cluster at work. */
export interface Sandbox {
  /** The path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** A folder with the executable `openclaw`. */
  readonly bin: string;
  readonly dir: string;
  /** Resolves when the world shows its symptoms or its health: every worker has had its first decision. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a practice cluster that is broken as the scenarios say. Throws an Error for an unknown scenario. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { namespace = 'production', worker = 'openclaw-worker', signal } = options;
  const scenarios = parseScenarios(options.scenarios);
  const world: WorldOptions = { scenarios, namespace, name: worker };
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    signal?.throwIfAborted();
    const dir = await makeFolder(options.dir, undo);
    const own = options.kubeconfig === undefined ? await startOwnServer(dir, undo) : undefined;
    const kubeconfig = options.kubeconfig ?? own?.kubeconfig ?? '';
    const execFor = own?.execFor ?? options.execFor;
    signal?.throwIfAborted();
    const access = await readKubeconfig(kubeconfig);
    const client = createClient(access);
    undo.push(async () => client.close());
    await writeWorld(client, world);
    if (options.wipe === true && options.kubeconfig !== undefined) undo.push(() => wipeWorld(client, world));
    signal?.throwIfAborted();
    const standIn = await startStandIn({
      access,
      controllers: options.controllers ?? (options.kubeconfig === undefined ? 'own' : 'detect'),
      ...(options.backOff && { backOff: options.backOff }),
      ...(execFor !== undefined && { execFor }),
      ...(options.onError && { onError: options.onError }),
    });
    undo.push(() => standIn.close());
    const bin = await installCli(dir, resolve(kubeconfig), options.openclaw);
    return { kubeconfig, bin, dir, settled: () => standIn.settled(signal), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeFolder(wanted: string | undefined, undo: (() => Promise<unknown>)[]): Promise<string> {
  if (wanted !== undefined) {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    return resolve(wanted);
  }
  const made = await mkdtemp(join(tmpdir(), 'claw-run-sandbox-'));
  undo.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function startOwnServer(dir: string, undo: (() => Promise<unknown>)[]) {
  const { startApiServer } = await import('./cluster/index.ts');
  const server = await startApiServer();
  undo.push(() => server.close());
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, server.kubeconfig, { mode: 0o600 });
  return { kubeconfig, execFor: server.caPem };
}

async function installCli(dir: string, kubeconfig: string, command: readonly string[]): Promise<string> {
  const bin = join(dir, 'bin');
  const path = join(bin, 'openclaw');
  await mkdir(bin, { recursive: true });
  const words = command.map(quote).join(' ');
  const script = `#!/bin/sh\nOPENCLAW_KUBECONFIG=${quote(kubeconfig)}\nexport OPENCLAW_KUBECONFIG\nexec ${words} "$@"\n`;
  await writeFile(path, script);
  await chmod(path, 0o755);
  return bin;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
