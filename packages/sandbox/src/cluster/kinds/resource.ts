import type { Shape } from '../fields/shape.ts';
import type { JsonObject } from '../storage/objects.ts';

/** What a CustomResourceDefinition says about one version of its resource. */
export interface CustomVersion {
  readonly schema: JsonObject;
  readonly columns: readonly JsonObject[];
  readonly scale?: JsonObject;
}

/** One resource in one version, as discovery lists it. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Subresources by name, with the kind they are exchanged in. */
  readonly subresources: Readonly<Record<string, Subresource>>;
  readonly shape: Shape;
  readonly custom?: CustomVersion;
}

/** A subresource as discovery lists it. */
export interface Subresource {
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

/** Where the store keeps the resource's objects, whatever version they were written in. */
export function storeKey(resource: { readonly group: string; readonly plural: string }): string {
  return `${resource.group}/${resource.plural}`;
}

/** `apps/v1`, or `v1` in the core group. */
export function apiVersionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The group in an apiVersion. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}
