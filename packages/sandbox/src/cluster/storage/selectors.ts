import { dig, isObject, type KubeObject, objectsOf, textOr, textsOf } from './objects.ts';
import { badRequest } from './status.ts';

/** Decides whether an object is meant. */
export type Selector = (object: KubeObject) => boolean;

const requirement = /^(!?)\s*([A-Za-z0-9./_-]+)\s*(?:(==|=|!=|>|<)\s*([^,()]*)|\s(in|notin)\s*\(([^)]*)\))?$/;

/**
 * Parses `labelSelector` as in the API's list and watch calls: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 */
export function labelSelector(text: string): Selector {
  const parts = splitOutsideBrackets(text)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const tests = parts.map(labelTest);
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

function labelTest(part: string): (labels: Record<string, string>) => boolean {
  const match = requirement.exec(part);
  if (match === null)
    throw badRequest(`unable to parse requirement: found '${part}', expected: a label selector`);
  const [, not, key = '', operator, value = '', setOperator, set = ''] = match;
  const has = (labels: Record<string, string>) => Object.hasOwn(labels, key);
  const values = set.split(',').map((item) => item.trim());
  if (setOperator === 'in') return (labels) => has(labels) && values.includes(labels[key] ?? '');
  if (setOperator === 'notin') return (labels) => !has(labels) || !values.includes(labels[key] ?? '');
  if (operator === '!=') return (labels) => !has(labels) || labels[key] !== value.trim();
  if (operator === '>') return (labels) => has(labels) && Number(labels[key]) > Number(value);
  if (operator === '<') return (labels) => has(labels) && Number(labels[key]) < Number(value);
  if (operator !== undefined) return (labels) => has(labels) && labels[key] === value.trim();
  return not === '!' ? (labels) => !has(labels) : has;
}

function splitOutsideBrackets(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

const fields: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  jobs: ['status.successful'],
  replicasets: ['status.replicas'],
};

/**
 * Parses `fieldSelector`: `metadata.name`, `metadata.namespace` everywhere and the few fields that the API server
 * indexes for a resource; any other field is a 400, as there.
 */
export function fieldSelector(text: string, plural: string): Selector {
  const tests = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => fieldTest(part, plural));
  return (object) => tests.every((test) => test(object));
}

function fieldTest(part: string, plural: string): Selector {
  const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
  if (match === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
  const [, path = '', operator, value = ''] = match;
  const known =
    path === 'metadata.name' || path === 'metadata.namespace' || (fields[plural] ?? []).includes(path);
  if (!known) throw badRequest(unknownField(path, plural));
  const read = (object: KubeObject) =>
    String(dig(object, ...path.split('.')) ?? (path === 'spec.unschedulable' ? 'false' : ''));
  return operator === '!=' ? (object) => read(object) !== value : (object) => read(object) === value;
}

/** Whether labels satisfy a LabelSelector object (meta/v1: `matchLabels`, `matchExpressions`). */
export function matchesLabels(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return false;
  const wanted = Object.entries(isObject(selector.matchLabels) ? selector.matchLabels : {});
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    objectsOf(selector.matchExpressions).every((expression) => {
      const key = textOr(expression.key);
      const listed = Object.hasOwn(labels, key) && textsOf(expression.values).includes(labels[key] ?? '');
      if (expression.operator === 'In') return listed;
      if (expression.operator === 'NotIn') return !listed;
      return (expression.operator === 'Exists') === Object.hasOwn(labels, key);
    })
  );
}

function unknownField(path: string, plural: string): string {
  if (fields[plural] !== undefined) return `field label not supported: ${path}`;
  return `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
