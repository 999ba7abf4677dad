import { createHmac, randomBytes } from 'node:crypto';
import { isObject } from '@claw-run/core';
import { partsOf, type Snapshot, withoutChance } from './snapshot.ts';
import { getJson, type Upstream } from './upstream.ts';

/** What a cluster's own programs make and change all the time, or what follows from something else. */
const derived: ReadonlySet<string> = new Set([
  'apiservices',
  'componentstatuses',
  'controllerrevisions',
  'endpoints',
  'endpointslices',
  'events',
  'flowschemas',
  'nodes',
  'pods',
  'prioritylevelconfigurations',
  'replicasets',
]);

/** Every object of clusters that is somebody's wish, without what the server writes itself. */
export async function snapshotClusters(upstreams: readonly Upstream[]): Promise<Snapshot> {
  const all = await Promise.all(
    upstreams.map(async (upstream) => {
      const whose = upstreams.length === 1 ? '' : `${upstream.context}: `;
      return [...(await snapshotCluster(upstream))].map(
        ([name, value]) => [`${whose}${name}`, value] as const,
      );
    }),
  );
  return new Map(all.flat());
}

async function snapshotCluster(upstream: Upstream): Promise<Snapshot> {
  const found = new Map<string, string>();
  for (const path of await collections(upstream)) {
    for (const object of await listed(upstream, path)) {
      for (const [name, value] of partsOfObject(object)) found.set(name, value);
    }
  }
  return found;
}

/** The paths of all collections, each kind in its preferred version. */
async function collections(upstream: Upstream): Promise<readonly string[]> {
  const { groups = [] } = (await getJson(upstream, '/apis')) as {
    groups?: { preferredVersion: { groupVersion: string } }[];
  };
  const roots = [
    '/api/v1',
    ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`),
  ];
  const paths: string[] = [];
  for (const root of roots) {
    const { resources = [] } = (await getJson(upstream, root).catch(() => ({}))) as {
      resources?: { name: string; verbs: readonly string[] }[];
    };
    for (const { name, verbs } of resources) {
      if (!derived.has(name) && !name.includes('/') && verbs.includes('list')) paths.push(`${root}/${name}`);
    }
  }
  return paths;
}

interface Stored {
  readonly [field: string]: unknown;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { [field: string]: unknown; readonly name: string; readonly namespace?: string };
}

async function listed(upstream: Upstream, path: string): Promise<readonly Stored[]> {
  const { items, apiVersion, kind } = (await getJson(upstream, path)) as {
    items: readonly Stored[] | null;
    apiVersion: string;
    kind: string;
  };
  return (items ?? []).map((item) => ({ ...item, apiVersion, kind: kind.replace(/List$/, '') }));
}

function partsOfObject(object: Stored): readonly (readonly [string, string])[] {
  const { apiVersion: _version, kind, metadata, status: _status, ...content } = object;
  const { name, namespace, ownerReferences, annotations, labels } = metadata;
  const thing = withoutChance(`${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`);
  // of a lock it counts whether it is there; leases of others are renewed all the time
  if (kind === 'Lease') return name === 'claw-run' ? [[thing, 'held']] : [];
  // made for its owner
  if (Array.isArray(ownerReferences) && ownerReferences.length > 0) return [];
  if (isMadeToken(object)) return [];
  const { secrets: _made, ...plain } = content;
  const data = kind === 'Secret' ? { data: hiddenData(content.data) } : {};
  const whole = { ...(kind === 'ServiceAccount' ? plain : content), ...data, labels, annotations };
  return partsOf(thing, whole).filter(([part]) => !tellsOfRollout.test(part));
}

/** A restart that is rolled back is one restart more. */
const tellsOfRollout = /[./](restartedAt|deployment\.kubernetes\.io\/revision|last-applied-configuration)$/;

function hiddenData(data: unknown): unknown {
  if (!isObject(data)) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, hidden(Buffer.from(String(value), 'base64'))]),
  );
}

/** What is secret is compared, and never shown. Of a token it is told whose it is. */
function hidden(value: Buffer): string {
  const plain = withoutChance(value.toString('latin1'));
  if (/^<token of [^>]*>$/.test(plain)) return plain;
  return `<secret ${createHmac('sha256', salt).update(plain).digest('hex').slice(0, 12)}>`;
}

const salt = randomBytes(32);

function isMadeToken(object: Stored): boolean {
  const { type } = object as { type?: unknown };
  return type === 'kubernetes.io/service-account-token' && /-token-[a-z0-9]{5}$/.test(object.metadata.name);
}
