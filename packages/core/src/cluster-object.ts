import type { Json } from './json.ts';

/** Names one object of the Kubernetes API. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for objects that belong to no namespace. */
  readonly namespace?: string;
}

/** An object as the Kubernetes API gives and takes it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: { readonly [key: string]: string };
    readonly annotations?: { readonly [key: string]: string };
    readonly [key: string]: Json | undefined;
  };
  readonly [key: string]: Json | undefined;
}

/** The reference of an object. */
export function refOf(object: ClusterObject): ObjectRef {
  const { name, namespace } = object.metadata;
  const ref = { apiVersion: object.apiVersion, kind: object.kind, name };
  return namespace === undefined ? ref : { ...ref, namespace };
}

/** `ConfigMap production/worker-config`: how an object is called in messages and fact keys. */
export function nameOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`;
}

/** The API group of an apiVersion: `''` for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** Kinds whose plural does not follow the rule. */
const irregular: { readonly [kind: string]: string } = { Endpoints: 'endpoints' };

/** The plural that the API uses for a kind: by the rule that API authors follow, until discovery says otherwise. */
export function guessPlural(kind: string): string {
  const lower = kind.toLowerCase();
  const known = irregular[kind];
  if (known !== undefined) return known;
  if (/(s|x|z|ch|sh)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}
