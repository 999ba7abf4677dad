import { ageSince } from '../storage/age.ts';
import { dig, type KubeObject, listOr, objectOr, objectsOf, textOr } from '../storage/objects.ts';

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type?: string;
  /** Only shown by `-o wide`. */
  readonly wide?: boolean;
  readonly cell: (object: KubeObject) => unknown;
}

const name: Column = { name: 'Name', cell: (object) => object.metadata.name };
const age: Column = {
  name: 'Age',
  cell: (object) => ageSince(object.metadata.creationTimestamp, Date.now()),
};

function field(title: string, ...path: readonly string[]): Column {
  return { name: title, cell: (object) => dig(object, ...path) ?? '<none>' };
}

function count(title: string, ...path: readonly string[]): Column {
  return { name: title, type: 'integer', cell: (object) => dig(object, ...path) ?? 0 };
}

const dataCount: Column = {
  name: 'Data',
  type: 'integer',
  cell: (object) =>
    Object.keys(objectOr(object.data)).length + Object.keys(objectOr(object.binaryData)).length,
};
const workloadReady: Column = {
  name: 'Ready',
  cell: (object) => `${dig(object, 'status', 'readyReplicas') ?? 0}/${dig(object, 'spec', 'replicas') ?? 0}`,
};
const role: Column = {
  name: 'Role',
  cell: (object) => `${textOr(dig(object, 'roleRef', 'kind'))}/${textOr(dig(object, 'roleRef', 'name'))}`,
};
const created: Column = { name: 'Created At', cell: (object) => object.metadata.creationTimestamp };

const podColumns: readonly Column[] = [
  name,
  {
    name: 'Ready',
    cell: (pod) =>
      `${statuses(pod).filter((one) => one.ready === true).length}/${listOr(dig(pod, 'spec', 'containers')).length}`,
  },
  { name: 'Status', cell: podStatus },
  {
    name: 'Restarts',
    cell: (pod) => String(statuses(pod).reduce((sum, one) => sum + Number(one.restartCount ?? 0), 0)),
  },
  age,
  { ...field('IP', 'status', 'podIP'), wide: true },
  { ...field('Node', 'spec', 'nodeName'), wide: true },
];

function statuses(pod: KubeObject) {
  return objectsOf(dig(pod, 'status', 'containerStatuses'));
}

function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const reasons = statuses(pod).map(
    (one) => dig(one, 'state', 'waiting', 'reason') ?? dig(one, 'state', 'terminated', 'reason'),
  );
  return (
    textOr(reasons.find((reason) => textOr(reason) !== '')) ||
    textOr(dig(pod, 'status', 'reason')) ||
    textOr(dig(pod, 'status', 'phase'))
  );
}

const byResource: Readonly<Record<string, readonly Column[]>> = {
  '/pods': podColumns,
  '/configmaps': [name, dataCount, age],
  '/secrets': [name, field('Type', 'type'), dataCount, age],
  '/serviceaccounts': [
    name,
    { name: 'Secrets', type: 'integer', cell: (object) => listOr(object.secrets).length },
    age,
  ],
  '/namespaces': [name, field('Status', 'status', 'phase'), age],
  '/nodes': [
    name,
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: () => '<none>' },
    age,
    field('Version', 'status', 'nodeInfo', 'kubeletVersion'),
  ],
  '/services': [
    name,
    field('Type', 'spec', 'type'),
    field('Cluster-IP', 'spec', 'clusterIP'),
    { name: 'External-IP', cell: () => '<none>' },
    {
      name: 'Port(s)',
      cell: (object) =>
        objectsOf(dig(object, 'spec', 'ports'))
          .map((port) => `${port.port}/${port.protocol}`)
          .join(',') || '<none>',
    },
    age,
  ],
  '/events': [
    {
      name: 'Last Seen',
      cell: (event) =>
        ageSince(
          textOr(event.lastTimestamp) || textOr(event.eventTime) || event.metadata.creationTimestamp,
          Date.now(),
        ),
    },
    field('Type', 'type'),
    field('Reason', 'reason'),
    {
      name: 'Object',
      cell: (event) =>
        `${textOr(dig(event, 'involvedObject', 'kind')).toLowerCase()}/${textOr(dig(event, 'involvedObject', 'name'))}`,
    },
    field('Message', 'message'),
  ],
  'apps/deployments': [
    name,
    workloadReady,
    count('Up-to-date', 'status', 'updatedReplicas'),
    count('Available', 'status', 'availableReplicas'),
    age,
  ],
  'apps/statefulsets': [name, workloadReady, age],
  'apps/replicasets': [
    name,
    count('Desired', 'spec', 'replicas'),
    count('Current', 'status', 'replicas'),
    count('Ready', 'status', 'readyReplicas'),
    age,
  ],
  'apps/daemonsets': [
    name,
    count('Desired', 'status', 'desiredNumberScheduled'),
    count('Current', 'status', 'currentNumberScheduled'),
    count('Ready', 'status', 'numberReady'),
    age,
  ],
  'batch/jobs': [
    name,
    {
      name: 'Completions',
      cell: (object) =>
        `${dig(object, 'status', 'succeeded') ?? 0}/${dig(object, 'spec', 'completions') ?? 1}`,
    },
    age,
  ],
  'coordination.k8s.io/leases': [name, field('Holder', 'spec', 'holderIdentity'), age],
  'rbac.authorization.k8s.io/roles': [name, created],
  'rbac.authorization.k8s.io/clusterroles': [name, created],
  'rbac.authorization.k8s.io/rolebindings': [name, role, age],
  'rbac.authorization.k8s.io/clusterrolebindings': [name, role, age],
  'apiextensions.k8s.io/customresourcedefinitions': [name, created],
};

function nodeStatus(node: KubeObject): string {
  const ready = objectsOf(dig(node, 'status', 'conditions')).find((one) => one.type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return dig(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

/** The columns that the API server shows for a built-in resource; name and age for one without columns of its own. */
export function columnsOf(key: string): readonly Column[] {
  return byResource[key] ?? [name, age];
}
