import { type Resource, storeKey } from '../kinds/resource.ts';
import { forbiddenField, invalidValue } from '../storage/causes.ts';
import type { KubeObject } from '../storage/objects.ts';
import { badRequest, conflict, invalid, modifiedSince, notFound } from '../storage/status.ts';
import { asKubeObject, parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';
import { placeInNamespace } from './create.ts';
import { isDryRun, writerOf } from './options.ts';
import { inVersion, persistChange } from './persist.ts';

/** PUT of an object, of its `status`, or of a namespace's `finalize`. */
export function updateObject(call: Call): Answer {
  const { info, request, resource } = call;
  const object = asKubeObject(parseObject(request), resource);
  placeInNamespace(object, info.namespace, resource);
  if (!object.metadata.name) throw badRequest('name must be provided');
  if (object.metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${info.name})`,
    );
  }
  const before = current(call);
  if (!object.metadata.resourceVersion && needsRevision(resource)) {
    throw invalid(resource, info.name, [
      {
        ...invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
        message: 'Invalid value: 0x0: must be specified for an update',
      },
    ]);
  }
  const options = { dryRun: isDryRun(request.query), writer: writerOf(call, 'Update') };
  return { code: 200, body: persistChange(call, before, changed(call, before, object), options) };
}

/** The object that a request names, in the version of the request. */
export function current(call: Call): KubeObject {
  const found = call.cluster.store.get(storeKey(call.resource), call.info.namespace, call.info.name);
  if (found === undefined) throw notFound(call.resource, call.info.name);
  return inVersion(found, call.resource);
}

/** What is stored when a client writes `object` through the request's subresource; refuses stale writes. */
export function changed(call: Call, before: KubeObject, object: KubeObject): KubeObject {
  const { resource, info } = call;
  const { uid, resourceVersion } = object.metadata;
  if (uid && uid !== before.metadata.uid) {
    throw conflict(
      resource,
      info.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== before.metadata.resourceVersion)
    throw conflict(resource, info.name, modifiedSince);
  if (info.subresource === 'status')
    return { ...before, status: object.status, metadata: statusMetadata(before, object) };
  if (info.subresource === 'finalize') return { ...before, spec: object.spec };
  refuseNewFinalizers(resource, before, object);
  const keepsStatus = resource.subresources.status !== undefined;
  const { status: _status, ...rest } = object;
  return keepsStatus
    ? ({ ...rest, ...(before.status !== undefined && { status: before.status }) } as KubeObject)
    : object;
}

function statusMetadata(before: KubeObject, object: KubeObject): KubeObject['metadata'] {
  const { managedFields } = object.metadata;
  return { ...before.metadata, ...(managedFields && { managedFields }) };
}

function refuseNewFinalizers(resource: Resource, before: KubeObject, object: KubeObject): void {
  if (before.metadata.deletionTimestamp === undefined) return;
  const added = (object.metadata.finalizers ?? []).filter(
    (one) => !(before.metadata.finalizers ?? []).includes(one),
  );
  if (added.length === 0) return;
  const list = added.map((one) => JSON.stringify(one)).join(', ');
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  throw invalid(resource, before.metadata.name, [forbiddenField('metadata.finalizers', why)]);
}

function needsRevision(resource: Resource): boolean {
  return resource.custom !== undefined || ['leases', 'customresourcedefinitions'].includes(resource.plural);
}
