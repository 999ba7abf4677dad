import { apiVersionOf, type Resource, storeKey } from '../kinds/resource.ts';
import {
  copy,
  dig,
  isObject,
  type JsonObject,
  type KubeObject,
  textOr,
  timestamp,
} from '../storage/objects.ts';
import { conflict } from '../storage/status.ts';
import type { Store } from '../storage/store.ts';
import { parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';
import { isFinished } from './finalizers.ts';
import { matching } from './list.ts';
import { isDryRun } from './options.ts';
import { isTrue } from './request-info.ts';
import { current } from './update.ts';

/** How to delete (meta/v1 DeleteOptions). */
export interface DeleteOptions {
  readonly propagation: string;
  readonly grace?: number;
  readonly dryRun: boolean;
}

/** DELETE of one object. */
export function deleteObject(call: Call): Answer {
  const body = deleteBody(call);
  const object = current(call);
  const uid = textOr(dig(body, 'preconditions', 'uid'));
  const revision = textOr(dig(body, 'preconditions', 'resourceVersion'));
  const { metadata } = object;
  const kind = { group: call.resource.group, plural: call.resource.kind };
  if (uid !== '' && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw conflict(kind, metadata.name, why);
  }
  if (revision !== '' && revision !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${revision}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw conflict(kind, metadata.name, why);
  }
  const left = beginDeletion(call.cluster.store, call.resource, object, optionsOf(call, body));
  if (left !== undefined || returnsObject(call.resource)) return { code: 200, body: left ?? object };
  return { code: 200, body: success(call.resource, object) };
}

/** DELETE of a collection, by selectors. */
export function deleteCollection(call: Call): Answer {
  const body = deleteBody(call);
  const objects = matching(call);
  for (const object of objects)
    beginDeletion(call.cluster.store, call.resource, object, optionsOf(call, body));
  const { resource } = call;
  return {
    code: 200,
    body: {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: { resourceVersion: String(call.cluster.store.revision()) },
      items: objects,
    },
  };
}

function deleteBody(call: Call): JsonObject {
  return parseObject(call.request, 'allowed');
}

function optionsOf(call: Call, body: JsonObject): DeleteOptions {
  const { query } = call.request;
  const orphan = body.orphanDependents === true || isTrue(query.get('orphanDependents'));
  const grace =
    body.gracePeriodSeconds ??
    (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  return {
    propagation:
      textOr(body.propagationPolicy) || query.get('propagationPolicy') || (orphan ? 'Orphan' : 'Background'),
    ...(typeof grace === 'number' && { grace }),
    dryRun: isDryRun(query, body.dryRun),
  };
}

function returnsObject(resource: Resource): boolean {
  return (
    resource.group === '' &&
    [
      'pods',
      'serviceaccounts',
      'services',
      'persistentvolumeclaims',
      'persistentvolumes',
      'resourcequotas',
    ].includes(resource.plural)
  );
}

function success(resource: Resource, object: KubeObject): JsonObject {
  const group = resource.group === '' ? {} : { group: resource.group };
  const details = { name: object.metadata.name, ...group, kind: resource.plural, uid: object.metadata.uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/**
 * Deletes an object, or marks it when finalizers, a pod's grace period or its dependents hold it. Answers what is left.
 */
export function beginDeletion(
  store: Store,
  resource: Resource,
  object: KubeObject,
  options: DeleteOptions,
): KubeObject | undefined {
  const marked = copy(object);
  const { metadata } = marked;
  const finalizers = new Set(metadata.finalizers ?? []);
  if (options.propagation === 'Foreground') finalizers.add('foregroundDeletion');
  if (options.propagation === 'Orphan') finalizers.add('orphan');
  if (finalizers.size > 0) metadata.finalizers = [...finalizers];
  const grace = isPod(resource) ? podGrace(object, options.grace) : 0;
  const already = metadata.deletionTimestamp !== undefined;
  if (!already || grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    metadata.deletionTimestamp = timestamp(new Date(Date.now() + grace * 1000));
    metadata.deletionGracePeriodSeconds = grace;
    if (!already && metadata.generation !== undefined) metadata.generation += 1;
  }
  if (object.kind === 'Namespace' && isObject(marked.status)) marked.status.phase = 'Terminating';
  if (isFinished(marked)) {
    if (!options.dryRun) store.remove(storeKey(resource), marked);
    return undefined;
  }
  if (resource.group === '' && resource.plural === 'namespaces') delete metadata.deletionGracePeriodSeconds;
  return options.dryRun ? marked : store.put(storeKey(resource), marked);
}

function isPod(resource: Resource): boolean {
  return resource.group === '' && resource.plural === 'pods';
}

function podGrace(pod: KubeObject, asked: number | undefined): number {
  const over = ['Succeeded', 'Failed'].includes(textOr(dig(pod, 'status', 'phase')));
  if (over || !dig(pod, 'spec', 'nodeName')) return 0;
  const own = dig(pod, 'spec', 'terminationGracePeriodSeconds');
  return Math.max(0, asked ?? (typeof own === 'number' ? own : 30));
}
