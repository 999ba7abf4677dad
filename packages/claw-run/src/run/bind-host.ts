import { delimiter, join, resolve } from 'node:path';
import { ClawError, type Connection, type JsonObject, type TransportSettings } from '@claw-run/core';
import { userAgent } from '../version.ts';
import type { Reach } from './bind-targets.ts';
import { fileWarnings } from './file-warnings.ts';
import { homeOf, waysToKeep } from './host-reach.ts';
import { kubeconfigChoice, kubeconfigPaths } from './kubeconfig.ts';
import { parseWhere, type Where } from './where.ts';

/** A host that is bound: its connection, which opens nothing yet, and what it takes to find it again. */
export interface BoundHost {
  readonly connection: Connection<'host'>;
  readonly binding: JsonObject;
}

/** Binds a host by where it is. @throws ClawError `target-unbound`, UsageError */
export async function bindHost(text: string, reach: Reach, name = text): Promise<BoundHost> {
  const early = reach.early?.take(name);
  if (early !== undefined) return early;
  const where = parseWhere(text, reach.transports);
  const connected = await connect(where, { text, name }, reach);
  const warnings = [...(connected.warnings ?? []), ...wayWarnings(where, reach)];
  const connection = warnings.length === 0 ? connected : withWarnings(connected, warnings);
  const kubeconfig = where.by === 'pod' ? kubeconfigPaths(reach) : [];
  return {
    connection,
    binding: {
      kind: 'host',
      where: text,
      ...(name === text ? {} : { name }),
      ...waysToKeep(reach.ways ?? {}),
      ...(kubeconfig.length === 0 ? {} : { kubeconfig: kubeconfig.join(delimiter) }),
    },
  };
}

// each way brings libraries of its own: only the one that is taken is loaded
async function connect(
  where: Where,
  { text, name }: { text: string; name: string },
  reach: Reach,
): Promise<Connection<'host'>> {
  const { ways = {}, answers, env } = reach;
  const settings = {
    sudoPassword: await answers?.sudoPassword(),
    lockFolder: ways.lockFolder,
    idleSeconds: ways.idleSeconds,
  };
  switch (where.by) {
    case 'local': {
      const { childEnv, connectLocal } = await import('@claw-run/transports/local');
      return connectLocal({ ...settings, env: { ...childEnv(env), ...placesOf(reach) } });
    }
    case 'ssh':
    case 'openssh': {
      const options = {
        ...settings,
        name,
        destination: where.destination,
        env,
        configFiles: ways.sshConfig === undefined ? undefined : [ways.sshConfig],
        knownHosts: ways.knownHosts,
        identityFiles: ways.identities,
        connectSeconds: ways.connectSeconds,
      };
      if (where.by === 'openssh') {
        const { connectOpenSsh } = await import('@claw-run/transports/openssh');
        return connectOpenSsh(options);
      }
      const { connectSsh } = await import('@claw-run/transports/ssh');
      return connectSsh({ ...options, home: homeOf(env), ask: answers?.ask ?? {} });
    }
    case 'pod': {
      const { namespace, pod, container, context = reach.context } = where;
      const { connectPod } = await import('@claw-run/transports/pod');
      return connectPod({
        ...settings,
        ...kubeconfigChoice(reach, context),
        ...(name === text ? {} : { name }),
        namespace,
        pod,
        container,
        userAgent,
        onSecret: reach.onSecret,
      });
    }
    case 'transport': {
      return byTransport(where, {
        ...settings,
        name,
        connectSeconds: ways.connectSeconds,
        env,
        cwd: reach.cwd,
        password: (account) => answers?.ask.password?.(account) ?? nothing(),
        ask: (question) => answers?.ask.answer?.(name, question, { echo: false }) ?? nothing(),
        onSecret: reach.onSecret ?? (() => {}),
      });
    }
  }
}

const nothing = () => Promise.resolve(undefined);

/** What goes wrong in a transport of one's own is told as its fault, not as ours. */
async function byTransport(
  { transport: { scheme, connect }, url }: Extract<Where, { by: 'transport' }>,
  settings: TransportSettings,
): Promise<Connection<'host'>> {
  const failed = (why: string, cause?: unknown) =>
    new ClawError('target-unbound', `the transport ${scheme}:// cannot connect ${settings.name}: ${why}`, {
      cause,
    });
  try {
    const connection: unknown = await connect(url, settings);
    if ((connection as Connection | null | undefined)?.kind === 'host')
      return connection as Connection<'host'>;
  } catch (error) {
    if (error instanceof ClawError) throw error;
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
  throw failed('it gave no connection to a host');
}

/** A connection of one's own may be an object of a class, whose methods are not copied. */
function withWarnings(connection: Connection<'host'>, warnings: readonly string[]): Connection<'host'> {
  const { kind, name, begin, refused } = connection;
  return {
    kind,
    name,
    warnings,
    read: connection.read.bind(connection),
    perform: connection.perform.bind(connection),
    lock: connection.lock.bind(connection),
    close: connection.close.bind(connection),
    ...(begin === undefined ? {} : { begin: begin.bind(connection) }),
    ...(refused === undefined ? {} : { refused: refused.bind(connection) }),
  };
}

/** What others could do with the files by which a host is found and logged in to. */
function wayWarnings(where: Where, reach: Reach): readonly string[] {
  const { ways = {}, env, cwd, hosts } = reach;
  const sources = [ways.sudoPasswordFrom, ways.sshPasswordFrom, ways.passphraseFrom];
  const secrets = sources.flatMap((source) => (source?.startsWith('file:') ? [source.slice(5)] : []));
  const inventory = hosts === undefined ? [] : [resolve(cwd, hosts)];
  const usual = (name: string) => join(homeOf(env), '.ssh', name);
  const bySsh = () => [
    ways.sshConfig ?? usual('config'),
    ...(ways.knownHosts ?? [usual('known_hosts')]),
    ...(ways.identities ?? []),
  ];
  const files = {
    local: () => [],
    ssh: bySsh,
    openssh: bySsh,
    pod: () => kubeconfigPaths(reach),
    transport: () => [],
  }[where.by];
  const own = where.by === 'transport' ? (where.transport.warnings?.(where.url) ?? []) : [];
  return [...own, ...fileWarnings([...files(), ...inventory], secrets)];
}

/** Where commands of this machine look for programs and for the cluster. */
function placesOf(reach: Reach): NodeJS.ProcessEnv {
  const path = [reach.bin, reach.env.PATH].filter((part) => part !== undefined).join(delimiter);
  const kubeconfig =
    reach.kubeconfig === undefined ? {} : { KUBECONFIG: resolve(reach.cwd, reach.kubeconfig) };
  return { ...kubeconfig, PATH: path };
}
