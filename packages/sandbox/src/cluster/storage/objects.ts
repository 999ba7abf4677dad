import { isDeepStrictEqual } from 'node:util';

/** A JSON object whose fields have not been looked at yet. */
export type JsonObject = { [key: string]: unknown };

/** `metadata.ownerReferences[]` (meta/v1). */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** `metadata.managedFields[]` (meta/v1). */
export interface ManagedFieldsEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: JsonObject;
  subresource?: string;
}

/** `metadata` of a stored object (meta/v1 ObjectMeta). */
export type ObjectMeta = {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
  [key: string]: unknown;
};

/** Any Kubernetes object. */
export type KubeObject = { apiVersion: string; kind: string; metadata: ObjectMeta; [key: string]: unknown };

/** Whether a value is a JSON object (neither null nor a list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else an empty one: for reads only, never for writes. */
export function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The value when it is a list, else an empty one. */
export function listOr(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The list's objects. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return listOr(value).filter(isObject);
}

/** The value when it is text, else empty text. */
export function textOr(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The list's texts. */
export function textsOf(value: unknown): readonly string[] {
  return listOr(value).filter((item): item is string => typeof item === 'string');
}

/** The value at a path of field names, or undefined. */
export function dig(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    value,
  );
}

/** The object in a field, made when it is missing. */
export function ensureObject(parent: JsonObject, key: string): JsonObject {
  const present = parent[key];
  if (isObject(present)) return present;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

/** Sets a field unless it has a value. */
export function setDefault(parent: JsonObject, key: string, value: unknown): void {
  if (parent[key] === undefined || parent[key] === null || parent[key] === '') parent[key] = value;
}

/** A copy that shares nothing. */
export function copy<T>(value: T): T {
  return structuredClone(value);
}

/** Equality by value; a field that is undefined counts as missing. */
export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(stripped(a), stripped(b));
}

function stripped(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** A time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export function timestamp(at: Date = new Date()): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}
