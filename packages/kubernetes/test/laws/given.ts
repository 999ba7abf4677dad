import type { ClusterObject, Json } from '@claw-run/core';

/** The namespace of all that the laws are tried on. */
export const home = 'laws';

type Rest = { readonly [key: string]: Json | undefined };
type Marks = { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };

export function object(
  [apiVersion, kind, name]: readonly [string, string, string],
  rest: Rest = {},
  marks: Marks = {},
): ClusterObject {
  return { apiVersion, kind, metadata: { name, namespace: home, ...marks }, ...rest };
}

export function clusterObject(
  [apiVersion, kind, name]: readonly [string, string, string],
  rest: Rest = {},
  marks: Marks = {},
): ClusterObject {
  return { apiVersion, kind, metadata: { name, ...marks }, ...rest };
}

export const rbac = 'rbac.authorization.k8s.io/v1';

export function configMap(name: string, data: Record<string, string>, rest: Rest = {}): ClusterObject {
  return object(['v1', 'ConfigMap', name], { data, ...rest });
}

/** A Secret of texts. */
export function secret(name: string, data: Record<string, string>, type = 'Opaque'): ClusterObject {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return object(['v1', 'Secret', name], { type, data: Object.fromEntries(encoded) });
}

/** A Deployment `worker` of one container `worker`, with fields of its pod's spec and of its container. */
export function deployment(pod: Rest = {}, container: Rest = {}): ClusterObject {
  const labels = { app: 'worker' };
  return object(['apps/v1', 'Deployment', 'worker'], {
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { ...pod, containers: [{ name: 'worker', image: 'worker:1', ...container }] },
      },
    },
  });
}

export function pod(name: string): ClusterObject {
  return object(
    ['v1', 'Pod', name],
    { spec: { containers: [{ name: 'worker', image: 'worker:1' }] } },
    { labels: { app: 'worker' } },
  );
}

/** A namespaced custom resource, `Pool`, for steps that work on any kind. */
export const poolDefinition: ClusterObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'pools.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'pools', singular: 'pool', kind: 'Pool', listKind: 'PoolList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
};

export function pool(name: string, spec: Rest): ClusterObject {
  return object(['example.org/v1', 'Pool', name], { spec: spec as Json });
}
