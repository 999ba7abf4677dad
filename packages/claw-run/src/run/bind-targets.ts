import { delimiter } from 'node:path';
import {
  ClawError,
  type Connection,
  type JsonObject,
  type Runbook,
  type Secret,
  type Target,
  type Transport,
} from '@claw-run/core';
import type { StateFolder } from '@claw-run/engine';
import { userAgent } from '../version.ts';
import { bindHost } from './bind-host.ts';
import type { EarlyHosts } from './early-hosts.ts';
import { fileWarnings } from './file-warnings.ts';
import type { Answers, HostWays } from './host-reach.ts';
import { keptWays } from './host-reach.ts';
import { kubeconfigChoice, kubeconfigPaths } from './kubeconfig.ts';

/** Where the targets of a run are. */
export interface Reach {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** `name=where` of the command line. */
  readonly targets?: readonly string[] | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stateFolder: StateFolder;
  /** A folder that comes first on PATH for commands on this machine. */
  readonly bin?: string | undefined;
  /** Set where the targets are a practice world that ends with the run. */
  readonly practice?: boolean | undefined;
  /** How hosts are reached, and who answers what they ask. */
  readonly ways?: HostWays | undefined;
  readonly answers?: Answers | undefined;
  /** Who answers where hosts are reached in ways that a journal kept: secrets are taken again from where they came from. */
  readonly answersFor?: ((ways: HostWays) => Answers) | undefined;
  /** The hosts of a target that stands for many: a file or a list, and which of them are meant. */
  readonly hosts?: string | undefined;
  readonly limit?: string | undefined;
  /** Hosts that are being connected to already. */
  readonly early?: EarlyHosts | undefined;
  /** Ways to hosts that libraries bring. */
  readonly transports?: readonly Transport[] | undefined;
  /** Is told the secrets that come with kubeconfigs. */
  readonly onSecret?: ((secret: Secret) => void) | undefined;
}

/** Connections by target, and what it takes to find them again. */
export interface Bound {
  readonly connections: { readonly [target: string]: Connection };
  readonly bindings: JsonObject;
  readonly close: () => Promise<void>;
}

/** Connects the targets of a runbook. Nothing is opened yet. @throws ClawError `target-unbound` */
export async function bindTargets(runbook: Pick<Runbook, 'targets'>, reach: Reach): Promise<Bound> {
  const connections: Record<string, Connection> = {};
  const bindings: Record<string, JsonObject> = {};
  const close = async () => {
    await Promise.all(Object.values(connections).map((connection) => connection.close()));
  };
  try {
    await bindEach(runbook, reach, { connections, bindings });
  } catch (error) {
    // one that is bound may be connected to already
    await close();
    throw error;
  }
  return { connections, bindings, close };
}

async function bindEach(
  runbook: Pick<Runbook, 'targets'>,
  reach: Reach,
  {
    connections,
    bindings,
  }: { connections: Record<string, Connection>; bindings: Record<string, JsonObject> },
): Promise<void> {
  const given = givenTargets(reach, runbook);
  for (const target of runbook.targets) {
    const where = given[target.name];
    if (target.many && where === undefined) throw standsForMany(target);
    if (target.kind === 'cluster') {
      const { connectCluster } = await import('@claw-run/transports/cluster');
      const connection = await connectCluster({
        ...kubeconfigChoice(reach, where ?? reach.context),
        userAgent,
        onSecret: reach.onSecret,
      });
      const warnings = [...(connection.warnings ?? []), ...fileWarnings(kubeconfigPaths(reach))];
      connections[target.name] = { ...connection, warnings } as Connection;
      bindings[target.name] = clusterBinding(connection.name, reach);
    } else {
      const bound = await bindHost(where ?? target.default ?? unbound(target), reach);
      connections[target.name] = bound.connection as Connection;
      bindings[target.name] = reach.practice === true ? { ...bound.binding, practice: true } : bound.binding;
    }
  }
}

/** The target that stands for many hosts, unless it is bound to one of them. */
export function manyTarget(runbook: Pick<Runbook, 'targets'>, reach: Reach): Target | undefined {
  const given = givenTargets(reach, runbook);
  const [target, another] = runbook.targets.filter(({ name, many }) => many && given[name] === undefined);
  if (another !== undefined && target !== undefined)
    throw new ClawError('target-unbound', `${target.name} and ${another.name} both stand for many`, {
      hint: `bind one of them to one host: --target ${another.name}=HOST`,
    });
  if (target?.kind === 'cluster')
    throw new ClawError('target-unbound', `${target.name} stands for many clusters; only hosts can be many`, {
      hint: `bind it to one cluster: --target ${target.name}=CONTEXT`,
    });
  return target;
}

/** The reach that a journal's bindings stand for; what the command line says comes before it. */
export function reachOf(bindings: JsonObject, given: Reach): Reach {
  return clusterReachOf(bindings, hostReachOf(bindings, given));
}

/** The hosts of a journal's bindings. */
export function hostReachOf(bindings: JsonObject, given: Reach): Reach {
  const hosts = Object.entries(bindings).flatMap(([name, value]) => {
    const { kind, where } = (value ?? {}) as { kind?: string; where?: string };
    return kind === 'host' && where !== undefined ? [{ name, where, value }] : [];
  });
  const kept = Object.assign({}, ...hosts.map(({ value }) => keptWays(value))) as HostWays;
  const ways = { ...kept, ...given.ways };
  return {
    ...given,
    ways,
    answers: given.answersFor?.(ways) ?? given.answers,
    targets: [...hosts.map(({ name, where }) => `${name}=${where}`), ...(given.targets ?? [])],
  };
}

/** The clusters of a journal's bindings; pods are hosts that are found by a kubeconfig too. */
export function clusterReachOf(bindings: JsonObject, given: Reach): Reach {
  const kept = Object.entries(bindings).flatMap(([name, value]) => {
    const { kind, kubeconfig, context } = (value ?? {}) as {
      kind?: string;
      kubeconfig?: string;
      context?: string;
    };
    return kind === 'cluster' || kubeconfig !== undefined ? [{ name, kind, kubeconfig, context }] : [];
  });
  const [first] = kept;
  if (first === undefined || given.kubeconfig !== undefined) return given;
  const targets =
    given.context === undefined
      ? kept.flatMap(({ name, kind, context }) =>
          kind === 'cluster' && context !== undefined ? [`${name}=${context}`] : [],
        )
      : [];
  return { ...given, kubeconfig: first.kubeconfig, targets: [...targets, ...(given.targets ?? [])] };
}

function clusterBinding(context: string, reach: Reach): JsonObject {
  const paths = kubeconfigPaths(reach);
  return {
    kind: 'cluster',
    context,
    ...(paths.length === 0 ? {} : { kubeconfig: paths.join(delimiter) }),
    ...(reach.practice === true ? { practice: true } : {}),
  };
}

function standsForMany({ name }: Target): ClawError {
  return new ClawError('target-unbound', `the target ${name} stands for many hosts, and none are named`, {
    hint: `name them with --hosts FILE or --hosts web1,web2; or one of them with --target ${name}=HOST`,
  });
}

function unbound({ name }: Target): never {
  throw new ClawError('target-unbound', `the target ${name} is not bound to a host`, {
    hint: `bind it with --target ${name}=local or --target ${name}=USER@HOST`,
  });
}

function givenTargets(
  { targets = [] }: Reach,
  runbook: Pick<Runbook, 'targets'>,
): { readonly [name: string]: string } {
  const names = runbook.targets.map(({ name }) => name);
  return Object.fromEntries(
    targets.map((pair) => {
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
