import { dig, type KubeObject, listOr } from '../storage/objects.ts';

/** Whether an object that is being deleted has nothing left that holds it. */
export function isFinished(object: KubeObject): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0) return false;
  if (object.kind === 'Namespace' && listOr(dig(object, 'spec', 'finalizers')).length > 0) return false;
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}
