import type { Registry } from '../kinds/registry.ts';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';
import type { JsonObject } from '../storage/objects.ts';

/** `/version`. */
export const version: JsonObject = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.0-claw-sandbox',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node ${process.version}`,
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};

/** What a discovery path answers, or undefined when the path is none. */
export function discovery(registry: Registry, path: string, address: string): JsonObject | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const resources = registry.all();
  if (parts[0] === 'api' && parts.length === 1) return coreVersions(address);
  if (parts[0] === 'apis' && parts.length === 1)
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groupNames(resources).map((name) => group(resources, name)),
    };
  if (parts[0] === 'apis' && parts.length === 2) return groupOrNone(resources, parts[1] ?? '');
  const [name, inVersion] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]];
  const found = resources.filter((one) => one.group === name && one.version === inVersion);
  const [first] = found;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(first),
    resources: found.flatMap(entries),
  };
}

function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

function groupNames(resources: readonly Resource[]): readonly string[] {
  return [...new Set(resources.map((one) => one.group))].filter((name) => name !== '');
}

function groupOrNone(resources: readonly Resource[], name: string): JsonObject | undefined {
  if (!groupNames(resources).includes(name)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...group(resources, name) };
}

function group(resources: readonly Resource[], name: string): JsonObject {
  const versions = [...new Set(resources.filter((one) => one.group === name).map((one) => one.version))].sort(
    byPriority,
  );
  const each = versions.map((one) => ({ groupVersion: `${name}/${one}`, version: one }));
  return { name, versions: each, preferredVersion: each[0] };
}

/** Stable versions first, then beta, then alpha; higher numbers first. */
function byPriority(a: string, b: string): number {
  const rank = (text: string) => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text);
    if (match === null) return -1;
    const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
    return stage * 1_000_000 + Number(match[1]) * 1000 + Number(match[3] ?? 0);
  };
  return rank(b) - rank(a);
}

function entries(resource: Resource): readonly JsonObject[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
  const below = Object.entries(resource.subresources).map(([name, sub]) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(sub.group !== undefined && { group: sub.group, version: sub.version }),
    kind: sub.kind,
    verbs: sub.verbs,
  }));
  return [main, ...below];
}
