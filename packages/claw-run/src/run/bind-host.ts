import { delimiter, join, resolve } from 'node:path';
import type { Connection, JsonObject } from '@claw-run/core';
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
  const where = parseWhere(text);
  const connected = await connect(where, { text, name }, reach);
  const warnings = [...(connected.warnings ?? []), ...wayWarnings(where, reach)];
  const connection = warnings.length === 0 ? connected : { ...connected, warnings };
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
  }
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
  const files = { local: () => [], ssh: bySsh, openssh: bySsh, pod: () => kubeconfigPaths(reach) }[where.by];
  return fileWarnings([...files(), ...inventory], secrets);
}

/** Where commands of this machine look for programs and for the cluster. */
function placesOf(reach: Reach): NodeJS.ProcessEnv {
  const path = [reach.bin, reach.env.PATH].filter((part) => part !== undefined).join(delimiter);
  const kubeconfig =
    reach.kubeconfig === undefined ? {} : { KUBECONFIG: resolve(reach.cwd, reach.kubeconfig) };
  return { ...kubeconfig, PATH: path };
}
