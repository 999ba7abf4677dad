import {
  atomic,
  flag,
  inherent,
  integer,
  listBy,
  type Shape,
  struct,
  text,
  textMap,
  textSet,
} from '../fields/shape.ts';

/** ObjectMeta (meta/v1). */
export const metadata = inherent(
  struct({
    name: text,
    namespace: text,
    generateName: text,
    labels: textMap,
    annotations: textMap,
    finalizers: textSet,
    ownerReferences: listBy(['uid'], atomic),
  }),
);

const byType = listBy(['type'], struct({}));
const keyRef = struct({ key: text, name: text, optional: flag });
const env = listBy(
  ['name'],
  struct({
    name: text,
    value: text,
    valueFrom: struct({
      configMapKeyRef: { ...keyRef, atomic: true },
      secretKeyRef: { ...keyRef, atomic: true },
      fieldRef: atomic,
      resourceFieldRef: atomic,
    }),
  }),
);
const quantities: Shape = { each: {} };

const container = struct({
  name: text,
  image: text,
  imagePullPolicy: text,
  workingDir: text,
  command: { atomic: true, each: text },
  args: { atomic: true, each: text },
  env,
  envFrom: atomic,
  ports: listBy(
    ['containerPort', 'protocol'],
    struct({ containerPort: integer, hostPort: integer, name: text, protocol: text }),
    {
      keyDefaults: { protocol: 'TCP' },
    },
  ),
  resources: inherent(struct({ limits: quantities, requests: quantities })),
  volumeMounts: listBy(['mountPath'], struct({ mountPath: text, name: text, subPath: text, readOnly: flag })),
  volumeDevices: listBy(['devicePath'], struct({})),
  stdin: flag,
  tty: flag,
  terminationMessagePath: text,
  terminationMessagePolicy: text,
});
const containers = inherent(listBy(['name'], container));

const podSpec = inherent(
  struct({
    containers,
    initContainers: listBy(['name'], container),
    ephemeralContainers: listBy(['name'], container),
    volumes: listBy(['name'], struct({ name: text }), { retainKeys: true }),
    imagePullSecrets: listBy(['name'], atomic),
    hostAliases: listBy(['ip'], struct({})),
    topologySpreadConstraints: listBy(['topologyKey', 'whenUnsatisfiable'], struct({})),
    nodeSelector: { ...textMap, atomic: true },
    nodeName: text,
    serviceAccountName: text,
    serviceAccount: text,
    restartPolicy: text,
    terminationGracePeriodSeconds: integer,
    activeDeadlineSeconds: integer,
    hostNetwork: flag,
    automountServiceAccountToken: flag,
  }),
);
const template = inherent(struct({ metadata, spec: podSpec }));
const labelSelector: Shape = { atomic: true, fields: { matchLabels: textMap } };
const conditions = inherent(struct({ conditions: byType }));

const workload = (more: Readonly<Record<string, Shape>> = {}): Shape =>
  struct({
    metadata,
    spec: inherent(
      struct({ replicas: integer, selector: labelSelector, template, minReadySeconds: integer, ...more }),
    ),
    status: conditions,
  });
const strategy = inherent({ retainKeys: true, fields: { type: text } });
const role = struct({ metadata, rules: { atomic: true, inherent: true } });
const binding = struct({ metadata, roleRef: atomic, subjects: atomic });

const service = struct({
  metadata,
  spec: inherent(
    struct({
      ports: listBy(
        ['port', 'protocol'],
        struct({ port: integer, name: text, protocol: text, nodePort: integer }),
        {
          keyDefaults: { protocol: 'TCP' },
        },
      ),
      selector: { ...textMap, atomic: true },
      type: text,
      clusterIP: text,
    }),
  ),
  status: inherent(struct({ loadBalancer: inherent(struct({})), conditions: byType })),
});

/** Shapes of the kinds that a cluster has from the start, by `group/plural`. */
export const builtInShapes: Readonly<Record<string, Shape>> = {
  '/pods': struct({
    metadata,
    spec: podSpec,
    status: inherent(struct({ conditions: byType, phase: text, podIPs: listBy(['ip'], struct({})) })),
  }),
  '/configmaps': struct({ metadata, data: textMap, binaryData: textMap, immutable: flag }),
  '/secrets': struct({ metadata, data: textMap, stringData: textMap, type: text, immutable: flag }),
  '/serviceaccounts': struct({
    metadata,
    secrets: listBy(['name'], struct({})),
    imagePullSecrets: listBy(['name'], atomic),
    automountServiceAccountToken: flag,
  }),
  '/services': service,
  '/namespaces': struct({ metadata, spec: inherent(struct({ finalizers: atomic })), status: conditions }),
  '/nodes': struct({
    metadata,
    spec: inherent(
      struct({ unschedulable: flag, podCIDRs: textSet, taints: { mergeKey: 'key', atomic: true } }),
    ),
    status: inherent(struct({ conditions: byType, addresses: listBy(['type'], struct({})) })),
  }),
  'apps/deployments': workload({
    strategy,
    revisionHistoryLimit: integer,
    progressDeadlineSeconds: integer,
    paused: flag,
  }),
  'apps/replicasets': workload(),
  'apps/statefulsets': workload({ serviceName: text, revisionHistoryLimit: integer }),
  'apps/daemonsets': workload({ revisionHistoryLimit: integer }),
  'batch/jobs': workload({ parallelism: integer, completions: integer, backoffLimit: integer }),
  'rbac.authorization.k8s.io/roles': role,
  'rbac.authorization.k8s.io/clusterroles': role,
  'rbac.authorization.k8s.io/rolebindings': binding,
  'rbac.authorization.k8s.io/clusterrolebindings': binding,
};

/** The shape of a kind that has only metadata in common with the others. */
export const plainShape: Shape = struct({ metadata, spec: inherent(struct({})), status: conditions });
