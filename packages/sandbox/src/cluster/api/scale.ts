import { jsonPatch, mergePatch } from '../fields/patches.ts';
import type { Resource } from '../kinds/resource.ts';
import { invalidValue } from '../storage/causes.ts';
import {
  copy,
  dig,
  ensureObject,
  isObject,
  type JsonObject,
  type KubeObject,
  textOr,
} from '../storage/objects.ts';
import { badRequest, conflict, invalid, modifiedSince } from '../storage/status.ts';
import { mediaType, parseBody, parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';
import { isDryRun, writerOf } from './options.ts';
import { persistChange } from './persist.ts';
import { current } from './update.ts';

/** GET, PUT and PATCH of `scale` (autoscaling/v1). */
export function handleScale(call: Call): Answer {
  const before = current(call);
  const scale = scaleOf(before, call.resource);
  if (call.info.verb === 'get') return { code: 200, body: scale };
  const wanted = call.info.verb === 'update' ? parseObject(call.request) : patchedScale(call, scale);
  const revision = textOr(dig(wanted, 'metadata', 'resourceVersion'));
  if (revision !== '' && revision !== before.metadata.resourceVersion)
    throw conflict(call.resource, call.info.name, modifiedSince);
  const replicas = dig(wanted, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw badRequest('spec.replicas of a Scale is a whole number');
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, call.info.name, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  const after = copy(before);
  setAt(after, pathIn(call.resource, 'specReplicasPath', '.spec.replicas'), replicas);
  const stored = persistChange(call, before, after, {
    dryRun: isDryRun(call.request.query),
    writer: writerOf(call, 'Update'),
  });
  return { code: 200, body: scaleOf(stored, call.resource) };
}

function patchedScale(call: Call, scale: JsonObject): JsonObject {
  const patch = parseBody(call.request);
  const result =
    mediaType(call.request) === 'application/json-patch+json'
      ? jsonPatch(scale, patch)
      : mergePatch(scale, patch);
  if (!isObject(result)) throw badRequest('the patched Scale is not an object');
  return result;
}

function scaleOf(object: KubeObject, resource: Resource): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = Object.entries(
    (dig(object, 'spec', 'selector', 'matchLabels') ?? {}) as Record<string, string>,
  );
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: dig(object, ...pathIn(resource, 'specReplicasPath', '.spec.replicas')) ?? 0 },
    status: {
      replicas: dig(object, ...pathIn(resource, 'statusReplicasPath', '.status.replicas')) ?? 0,
      ...(labels.length > 0 && { selector: labels.map(([key, value]) => `${key}=${value}`).join(',') }),
    },
  };
}

function pathIn(resource: Resource, field: string, usual: string): readonly string[] {
  return (textOr(resource.custom?.scale?.[field]) || usual).split('.').filter((part) => part !== '');
}

function setAt(object: JsonObject, path: readonly string[], value: unknown): void {
  const parent = path.slice(0, -1).reduce<JsonObject>((at, key) => ensureObject(at, key), object);
  const last = path.at(-1);
  if (last !== undefined) parent[last] = value;
}
