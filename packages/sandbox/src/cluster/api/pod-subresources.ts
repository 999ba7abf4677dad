import { storeKey } from '../kinds/resource.ts';
import {
  copy,
  dig,
  ensureObject,
  isObject,
  type KubeObject,
  objectOr,
  objectsOf,
  textOr,
  timestamp,
} from '../storage/objects.ts';
import { matchesLabels } from '../storage/selectors.ts';
import { ApiError, badRequest, conflict } from '../storage/status.ts';
import { parseObject } from './body.ts';
import type { Answer, Call } from './context.ts';
import { beginDeletion } from './delete.ts';
import { isDryRun } from './options.ts';
import { current } from './update.ts';

const done = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** POST to `pods/NAME/binding`: puts a pod on a node. */
export function bindPod(call: Call): Answer {
  const body = parseObject(call.request);
  const pod = copy(current(call));
  const node = textOr(dig(body, 'target', 'name'));
  if (node === '') throw badRequest('a Binding names its target');
  const spec = ensureObject(pod, 'spec');
  if (textOr(spec.nodeName) !== '')
    throw conflict(
      { group: '', plural: 'pods/binding' },
      call.info.name,
      `pod ${call.info.name} is already assigned to node "${textOr(spec.nodeName)}"`,
    );
  spec.nodeName = node;
  const status = ensureObject(pod, 'status');
  const others = objectsOf(status.conditions).filter((one) => one.type !== 'PodScheduled');
  status.conditions = [
    ...others,
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp() },
  ];
  if (!isDryRun(call.request.query)) call.cluster.store.put(storeKey(call.resource), pod);
  return { code: 201, body: done };
}

/** POST to `pods/NAME/eviction` (policy/v1, policy/v1beta1): deletes a pod unless a disruption budget forbids it. */
export function evictPod(call: Call): Answer {
  const body = parseObject(call.request);
  const version = textOr(body.apiVersion);
  if (version !== '' && version !== 'policy/v1' && version !== 'policy/v1beta1')
    throw badRequest(`no kind "Eviction" is registered for version "${version}"`);
  const pod = current(call);
  const budget = call.cluster.store
    .list('policy/poddisruptionbudgets', call.info.namespace)
    .find((one) => matchesLabels(dig(one, 'spec', 'selector'), pod.metadata.labels ?? {}));
  const over = ['Succeeded', 'Failed', 'Pending'].includes(textOr(dig(pod, 'status', 'phase')));
  if (budget !== undefined && !over && !mayDisrupt(budget)) {
    const message = "Cannot evict pod as it would violate the pod's disruption budget.";
    const cause = {
      reason: 'DisruptionBudget',
      message: `The disruption budget ${budget.metadata.name} needs ${dig(budget, 'status', 'desiredHealthy') ?? 0} healthy pods and has ${dig(budget, 'status', 'currentHealthy') ?? 0} currently`,
    };
    throw new ApiError(429, 'TooManyRequests', message, { causes: [cause] });
  }
  const options = objectOr(body.deleteOptions);
  const grace = options.gracePeriodSeconds;
  const dryRun = isDryRun(call.request.query, options.dryRun);
  beginDeletion(call.cluster.store, call.resource, pod, {
    propagation: 'Background',
    dryRun,
    ...(typeof grace === 'number' && { grace }),
  });
  return { code: 201, body: done };
}

function mayDisrupt(budget: KubeObject): boolean {
  const allowed = isObject(budget.status) ? budget.status.disruptionsAllowed : 0;
  return typeof allowed === 'number' && allowed > 0;
}
