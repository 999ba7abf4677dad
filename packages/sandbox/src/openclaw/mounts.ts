import type { Cache } from './cache.ts';
import type { ConfigMap, Context, Secret } from './context.ts';
import { type KubeObject, type Resource, resources } from './resources.ts';
import type { Container, EnvVar, FileSource, Pod, Volume } from './workloads.ts';

/** What a container sees of its volumes and environment: file contents by path, values by name. */
export interface Surroundings {
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Why a container cannot start yet. */
export interface Obstacle {
  readonly reason: 'ContainerCreating' | 'CreateContainerConfigError';
  readonly message: string;
}

type Find = (kind: 'configMaps' | 'secrets', name: string) => Promise<Files | undefined>;
type Files = Readonly<Record<string, string>>;

/** Reads a container's surroundings: from the API server at its start (`fresh`), else from the local copies. */
export async function readSurroundings(
  context: Context,
  pod: Pod,
  container: Container,
  { fresh }: { readonly fresh: boolean },
): Promise<Surroundings | Obstacle> {
  const find = finder(context, pod.metadata.namespace ?? 'default', fresh);
  const files: Record<string, string> = {};
  for (const mount of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
    const content = volume === undefined ? {} : await filesOf(volume, find);
    if (typeof content === 'string') return { reason: 'ContainerCreating', message: content };
    for (const [name, text] of Object.entries(content)) {
      if (mount.subPath === undefined) files[`${mount.mountPath.replace(/\/$/, '')}/${name}`] = text;
      else if (mount.subPath === name) files[mount.mountPath] = text;
    }
  }
  const env: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, pod, find);
    if (value instanceof Error) return { reason: 'CreateContainerConfigError', message: value.message };
    if (value !== undefined) env[variable.name] = value;
  }
  return { files, env };
}

/** True when the container has to wait. */
export function isObstacle(found: Surroundings | Obstacle): found is Obstacle {
  return 'reason' in found;
}

async function filesOf(volume: Volume, find: Find): Promise<Files | string> {
  const { configMap, secret } = volume;
  if (configMap !== undefined)
    return mounted(configMap, 'configmap', configMap.name, await find('configMaps', configMap.name));
  if (secret !== undefined)
    return mounted(secret, 'secret', secret.secretName, await find('secrets', secret.secretName));
  return {};
}

function mounted(source: FileSource, kind: string, name: string, files: Files | undefined): Files | string {
  if (files === undefined)
    return source.optional === true ? {} : `MountVolume.SetUp failed: ${kind} "${name}" not found`;
  if (source.items === undefined) return files;
  return Object.fromEntries(
    source.items.flatMap(({ key, path }) => (key in files ? [[path, files[key]!]] : [])),
  );
}

async function variableValue(variable: EnvVar, pod: Pod, find: Find): Promise<string | Error | undefined> {
  const { fieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath);
  const reference = configMapKeyRef ?? secretKeyRef;
  if (reference === undefined) return variable.value ?? '';
  const kind = configMapKeyRef === undefined ? 'secrets' : 'configMaps';
  const value = (await find(kind, reference.name))?.[reference.key];
  if (value !== undefined || reference.optional === true) return value;
  return new Error(
    `couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace}/${reference.name}`,
  );
}

function fieldOf({ metadata, spec, status }: Pod, path: string): string {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': status?.podIP,
  };
  return fields[path] ?? '';
}

function finder({ client, caches }: Context, namespace: string, fresh: boolean): Find {
  const read = async <T extends KubeObject>(resource: Resource, cache: Cache<T>, name: string) =>
    fresh ? client.get<T>(resource, namespace, name) : cache.get(`${namespace}/${name}`);
  return async (kind, name) => {
    if (kind === 'configMaps')
      return (await read<ConfigMap>(resources.configMaps, caches.configMaps, name))?.data;
    const data = (await read<Secret>(resources.secrets, caches.secrets, name))?.data;
    return data && Object.fromEntries(Object.entries(data).map(([key, text]) => [key, decode(text)]));
  };
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
