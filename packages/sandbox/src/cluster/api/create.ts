import { randomBytes } from 'node:crypto';
import { type Resource, storeKey } from '../kinds/resource.ts';
import { required } from '../storage/causes.ts';
import type { KubeObject } from '../storage/objects.ts';
import { alreadyExists, badRequest, invalid } from '../storage/status.ts';
import { admitCreation } from './admission.ts';
import { asKubeObject, parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';
import { normalize } from './decode.ts';
import { isDryRun, writerOf } from './options.ts';
import { persistNew } from './persist.ts';

/** POST to a collection. */
export function createObject(call: Call): Answer {
  const object = asKubeObject(parseObject(call.request), call.resource);
  placeInNamespace(object, call.info.namespace, call.resource);
  nameObject(object, call.resource);
  const dryRun = isDryRun(call.request.query);
  return { code: 201, body: createNamed(call, object, { dryRun, writer: writerOf(call, 'Update') }) };
}

/** Creates an object that has its name. */
export function createNamed(
  call: Call,
  object: KubeObject,
  options: Parameters<typeof persistNew>[2],
): KubeObject {
  const { resource, cluster } = call;
  const { name, namespace = '' } = object.metadata;
  normalize(object, resource);
  admitCreation(call, object);
  if (cluster.store.get(storeKey(resource), namespace, name) !== undefined)
    throw alreadyExists(resource, name);
  return persistNew(call, object, options);
}

/** Gives an object the namespace of the request, or refuses another one. */
export function placeInNamespace(object: KubeObject, namespace: string, resource: Resource): void {
  const given = object.metadata.namespace ?? '';
  if (!resource.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = namespace;
}

function nameObject(object: KubeObject, resource: Resource): void {
  const { metadata } = object;
  if (metadata.name) return;
  if (!metadata.generateName)
    throw invalid(resource, '', [required('metadata.name', 'name or generateName is required')]);
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  const suffix = [...randomBytes(5)].map((byte) => letters[byte % letters.length]).join('');
  metadata.name = `${metadata.generateName}${suffix}`;
}
