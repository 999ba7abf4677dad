import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ClawError, type Connection, type JsonObject, type Runbook, type Target } from '@claw-run/core';
import { connectCluster, connectLocal } from '@claw-run/transports';
import { userAgent } from '../version.ts';

/** Where the targets of a run are. */
export interface Reach {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** `name=where` of the command line. */
  readonly targets?: readonly string[] | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stateFolder: string;
  /** A folder that comes first on PATH for commands on this machine. */
  readonly bin?: string | undefined;
  /** Set where the cluster is a practice cluster that ends with the run. */
  readonly practice?: boolean | undefined;
}

/** Connections by target, and what it takes to find them again. */
export interface Bound {
  readonly connections: { readonly [target: string]: Connection };
  readonly bindings: JsonObject;
  readonly close: () => Promise<void>;
}

/** Connects the targets of a runbook. Nothing is opened yet. @throws ClawError `target-unbound` */
export async function bindTargets(runbook: Runbook, reach: Reach): Promise<Bound> {
  const given = givenOf(reach.targets ?? [], runbook);
  const connections: Record<string, Connection> = {};
  const bindings: Record<string, JsonObject> = {};
  for (const target of runbook.targets) {
    const where = given[target.name];
    if (target.many) throw standsForMany(target);
    if (target.kind === 'cluster') {
      const connection = await clusterOf(where ?? reach.context, reach);
      connections[target.name] = connection as Connection;
      bindings[target.name] = clusterBinding(connection.name, reach);
    } else {
      connections[target.name] = hostOf(target, where ?? target.default, reach) as Connection;
      bindings[target.name] = { kind: 'host', where: 'local' };
    }
  }
  const close = async () => {
    await Promise.all(Object.values(connections).map((connection) => connection.close()));
  };
  return { connections, bindings, close };
}

function standsForMany({ name }: Target): ClawError {
  return new ClawError(
    'target-unbound',
    `target ${name} stands for many hosts (\`many: true\`), and this version reaches one`,
    {
      hint: 'take `many` and `roll-out` away to run it on one host',
    },
  );
}

/** The reach that a journal's bindings stand for; what the command line says comes before it. */
export function reachOf(bindings: JsonObject, given: Reach): Reach {
  const clusters = Object.entries(bindings).flatMap(([name, value]) => {
    const { kind, kubeconfig, context } = (value ?? {}) as {
      kind?: string;
      kubeconfig?: string;
      context?: string;
    };
    return kind === 'cluster' ? [{ name, kubeconfig, context }] : [];
  });
  const [first] = clusters;
  if (first === undefined || given.kubeconfig !== undefined) return given;
  const targets =
    given.context === undefined
      ? clusters.flatMap(({ name, context }) => (context === undefined ? [] : [`${name}=${context}`]))
      : [];
  return { ...given, kubeconfig: first.kubeconfig, targets: [...targets, ...(given.targets ?? [])] };
}

function clusterBinding(context: string, reach: Reach): JsonObject {
  const { KUBECONFIG } = reach.env;
  const kubeconfig =
    reach.kubeconfig ?? (KUBECONFIG === undefined || KUBECONFIG === '' ? undefined : KUBECONFIG);
  const paths =
    kubeconfig?.split(delimiter).map((path) => resolve(reach.cwd, path)) ?? defaultKubeconfig(reach.env);
  return {
    kind: 'cluster',
    context,
    ...(paths.length === 0 ? {} : { kubeconfig: paths.join(delimiter) }),
    ...(reach.practice === true ? { practice: true } : {}),
  };
}

async function clusterOf(context: string | undefined, reach: Reach): Promise<Connection<'cluster'>> {
  const { kubeconfig } = reach;
  if (!isConfigured(reach)) {
    throw new ClawError(
      'target-unbound',
      'no cluster is configured: there is no ~/.kube/config, and KUBECONFIG is not set',
      {
        hint: 'name one with --kubeconfig, or practise with --sandbox rbac',
      },
    );
  }
  const several = kubeconfig?.includes(delimiter) === true;
  // the client merges the files of KUBECONFIG, and of nothing else
  if (several) process.env.KUBECONFIG = kubeconfig;
  return connectCluster({
    ...(kubeconfig === undefined || several ? {} : { kubeconfig: resolve(reach.cwd, kubeconfig) }),
    ...(context === undefined ? {} : { context }),
    userAgent,
  });
}

function hostOf(target: Target, where: string | undefined, reach: Reach): Connection<'host'> {
  if (where === undefined) {
    throw new ClawError('target-unbound', `the target ${target.name} is not bound to a host`, {
      hint: `bind it with --target ${target.name}=local`,
    });
  }
  if (where !== 'local') {
    throw new ClawError('target-unbound', `the target ${target.name} cannot be reached as ${where}`, {
      hint: `this version reaches the machine it runs on: --target ${target.name}=local`,
    });
  }
  const path = [reach.bin, reach.env.PATH].filter((part) => part !== undefined).join(delimiter);
  const kubeconfig =
    reach.kubeconfig === undefined ? {} : { KUBECONFIG: resolve(reach.cwd, reach.kubeconfig) };
  return connectLocal({
    env: { ...reach.env, ...kubeconfig, PATH: path },
    lockFolder: join(reach.stateFolder, 'locks'),
  });
}

function givenOf(pairs: readonly string[], runbook: Runbook): { readonly [name: string]: string } {
  const names = runbook.targets.map(({ name }) => name);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      const name = at < 0 ? pair : pair.slice(0, at);
      if (at < 1 || !names.includes(name)) {
        throw new ClawError('target-unbound', `the runbook has no target ${name}`, {
          hint: `it has: ${names.join(', ') || 'none'}; as --target ${names[0] ?? 'name'}=local`,
        });
      }
      return [name, pair.slice(at + 1)];
    }),
  );
}

/** Whether a cluster is named in any way that kubectl knows. */
export function isConfigured({ kubeconfig, env }: Pick<Reach, 'kubeconfig' | 'env'>): boolean {
  const named = [kubeconfig, env.KUBECONFIG, env.KUBERNETES_SERVICE_HOST];
  return named.some((each) => each !== undefined && each !== '') || defaultKubeconfig(env).length > 0;
}

/** `~/.kube/config` where there is one; inside a pod there is none, and its own account is used. */
function defaultKubeconfig(env: NodeJS.ProcessEnv): readonly string[] {
  const path = join(env.HOME ?? homedir(), '.kube', 'config');
  return existsSync(path) ? [path] : [];
}
