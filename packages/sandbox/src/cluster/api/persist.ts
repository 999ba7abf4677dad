import { randomUUID } from 'node:crypto';
import { refuseEscalation } from '../access/escalation.ts';
import {
  type Owner,
  ownersAfterUpdate,
  ownersOf,
  toManagedFields,
  type Writer,
} from '../fields/ownership.ts';
import { schemaCauses } from '../kinds/custom-schema.ts';
import { metadataCauses, nameCauses } from '../kinds/names.ts';
import { apiVersionOf, type Resource, storeKey } from '../kinds/resource.ts';
import { validationCauses } from '../kinds/validate.ts';
import { copy, type KubeObject, same, timestamp } from '../storage/objects.ts';
import { invalid } from '../storage/status.ts';
import type { Call } from './context.ts';
import { normalize } from './decode.ts';
import { isFinished } from './finalizers.ts';

/** How a write is to be stored. */
export interface WriteOptions {
  readonly writer: Writer;
  readonly dryRun: boolean;
  /** Who owns the fields, when an apply has decided it already. */
  readonly owners?: readonly Owner[];
}

/** Validates and stores a new object. */
export function persistNew(call: Call, object: KubeObject, options: WriteOptions): KubeObject {
  const { resource, cluster } = call;
  const made = copy(object);
  const keepsStatus = resource.subresources.status === undefined;
  if (!keepsStatus) delete made.status;
  Object.assign(made.metadata, { uid: randomUUID(), creationTimestamp: timestamp() });
  if (hasGeneration(resource)) made.metadata.generation = 1;
  else delete made.metadata.generation;
  for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'resourceVersion'])
    delete made.metadata[key];
  normalize(made, resource);
  refuseInvalid(resource, made);
  refuseEscalation(cluster.authorizer, call.user, resource.plural, made);
  own(made, undefined, call, options);
  return options.dryRun ? withoutRevision(made) : cluster.store.put(storeKey(resource), made);
}

/** Validates and stores a changed object. A write that changes nothing is not stored and keeps its revision. */
export function persistChange(
  call: Call,
  before: KubeObject,
  object: KubeObject,
  options: WriteOptions,
): KubeObject {
  const { resource, cluster } = call;
  const made = copy(object);
  keepSystemFields(made, before);
  normalize(made, resource);
  const served = inVersion(before, resource);
  if (hasGeneration(resource) && !same(generationPart(resource, served), generationPart(resource, made))) {
    made.metadata.generation = (before.metadata.generation ?? 0) + 1;
  }
  refuseInvalid(resource, made, served);
  refuseEscalation(cluster.authorizer, call.user, resource.plural, made, before);
  own(made, served, call, options);
  if (same(made, served)) return served;
  if (options.dryRun) return made;
  return isFinished(made)
    ? cluster.store.remove(storeKey(resource), made)
    : cluster.store.put(storeKey(resource), made);
}

/** The object in the version that the resource is served in. */
export function inVersion(object: KubeObject, resource: Resource): KubeObject {
  const apiVersion = apiVersionOf(resource);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

function withoutRevision(object: KubeObject): KubeObject {
  const { resourceVersion: _none, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubeObject['metadata'] };
}

const kindsWithGeneration = [
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'networkpolicies',
  'poddisruptionbudgets',
  'customresourcedefinitions',
  'pods',
];

function hasGeneration(resource: Resource): boolean {
  return resource.custom !== undefined || kindsWithGeneration.includes(resource.plural);
}

function generationPart(resource: Resource, object: KubeObject): unknown {
  if (resource.custom === undefined) {
    return [object.spec ?? {}, resource.plural === 'deployments' ? (object.metadata.annotations ?? {}) : {}];
  }
  const { metadata: _metadata, status, ...rest } = object;
  return resource.subresources.status === undefined ? { ...rest, status } : rest;
}

const systemFields = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'namespace',
  'resourceVersion',
  'generateName',
  'selfLink',
];

function keepSystemFields(object: KubeObject, before: KubeObject): void {
  for (const field of systemFields) {
    if (before.metadata[field] === undefined) delete object.metadata[field];
    else object.metadata[field] = before.metadata[field];
  }
}

function refuseInvalid(resource: Resource, object: KubeObject, before?: KubeObject): void {
  const { name } = object.metadata;
  const schema = resource.custom?.schema;
  const causes = [
    ...(before === undefined ? nameCauses(resource, name) : []),
    ...metadataCauses(object),
    ...(schema === undefined
      ? validationCauses(storeKey(resource), object, before)
      : schemaCauses(object, schema)),
  ];
  if (causes.length > 0) throw invalid(resource, name, causes);
}

function own(object: KubeObject, before: KubeObject | undefined, call: Call, options: WriteOptions): void {
  const hasStatus = call.resource.subresources.status !== undefined;
  const cleared = before !== undefined && Array.isArray(object.metadata.managedFields) && isCleared(object);
  const previous = ownersOf(cleared ? undefined : before);
  const owners =
    options.owners ??
    ownersAfterUpdate(before, object, options.writer, { shape: call.resource.shape, hasStatus });
  const entries = cleared ? [] : toManagedFields(owners, previous);
  if (entries.length === 0) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
}

/** A client empties `managedFields` by writing a list with one empty entry, or an empty list. */
function isCleared(object: KubeObject): boolean {
  const entries = object.metadata.managedFields ?? [];
  return entries.length === 0 || (entries.length === 1 && !entries[0]?.manager);
}
