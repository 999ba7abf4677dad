import { HOSTNAME } from './reachability.ts';
import { type KubeObject, resources } from './resources.ts';

/** The namespace of OpenClaw's cluster side. */
export const SYSTEM_NAMESPACE = 'openclaw-system';

/** A Namespace object. */
export function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** The kinds that OpenClaw brings: Job, Task and Worker. */
export function definitions(): readonly KubeObject[] {
  return [
    definition('Job', [
      column('State', '.status.state'),
      column('Replicas', '.spec.replicas', 'integer'),
      column('Completed', '.status.completedAt', 'date'),
    ]),
    definition('Task', [column('State', '.status.state'), column('Worker', '.spec.worker')]),
    definition('Worker', [
      column('Identity', '.spec.identity'),
      column('State', '.status.state'),
      column('Last seen', '.status.lastSeen', 'date'),
      column('Reason', '.status.reason'),
    ]),
  ];
}

/** The security policy with the identity pattern it wants, as the text of `policy.yaml`. */
export function policyText(
  allowedNamespace: string,
  identityPattern: string,
  blocked: readonly string[] = [],
): string {
  return `workers:
  allowed_namespaces: [${allowedNamespace}]
  identity_patterns:
    - "${identityPattern}"
  required_cluster_role: openclaw-worker
  token:
    audience: openclaw
  mtls: strict
${blocked.length === 0 ? '' : `  blocked_namespaces: [${blocked.join(', ')}]\n`}`;
}

/** The controller's Deployment: its pod's log is the controller's log. */
export function controllerDeployment(): KubeObject {
  const labels = { app: 'openclaw-controller' };
  return {
    ...head('apps/v1', 'Deployment', 'openclaw-controller', SYSTEM_NAMESPACE, labels),
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          containers: [{ name: 'controller', image: 'openclaw/controller:latest' }],
        },
      },
    },
  } as KubeObject;
}

/** What workers connect to: the name it is known by, port 443, and the controller's pods. */
export function apiService(selector: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'openclaw-api',
      namespace: SYSTEM_NAMESPACE,
      annotations: { [HOSTNAME]: 'cluster.openclaw.io' },
    },
    spec: { selector, ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
  } as KubeObject;
}

/** A ConfigMap with these files. */
export function configMap(
  inNamespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): KubeObject {
  return { ...head('v1', 'ConfigMap', name, inNamespace), data } as KubeObject;
}

/** A Secret with these files (plain text; encoded here). */
export function secret(
  inNamespace: string,
  name: string,
  files: Readonly<Record<string, string>>,
  type = 'Opaque',
): KubeObject {
  const data = Object.fromEntries(
    Object.entries(files).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return { ...head('v1', 'Secret', name, inNamespace), type, data } as KubeObject;
}

/** The first lines of any manifest. */
export function head(
  apiVersion: string,
  kind: string,
  name: string,
  inNamespace?: string,
  labels?: Readonly<Record<string, string>>,
): KubeObject {
  const metadata = { name, ...(inNamespace && { namespace: inNamespace }), ...(labels && { labels }) };
  return { apiVersion, kind, metadata };
}

function definition(kind: string, additionalPrinterColumns: readonly object[]): KubeObject {
  const plural = `${kind.toLowerCase()}s`;
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    ...head(resources.definitions.apiVersion, 'CustomResourceDefinition', `${plural}.openclaw.io`),
    spec: {
      group: 'openclaw.io',
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        },
      ],
    },
  } as KubeObject;
}

function column(name: string, jsonPath: string, type = 'string') {
  return { name, type, jsonPath };
}
