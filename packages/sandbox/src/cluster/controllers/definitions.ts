import type { Cluster } from '../api/context.ts';
import { builtInResources } from '../kinds/built-in.ts';
import { definedKey, definitionsKey, storageVersion } from '../kinds/registry.ts';
import { copy, dig, type KubeObject, objectOr, same, textOr, timestamp } from '../storage/objects.ts';
import type { Change } from '../storage/store.ts';

/** Gives a CustomResourceDefinition its conditions, and removes its objects when it goes. */
export function establishDefinition({ store }: Cluster, change: Change): void {
  if (change.key !== definitionsKey) return;
  if (change.type === 'DELETED') {
    for (const object of store.list(definedKey(change.object)))
      store.remove(definedKey(change.object), object);
    return;
  }
  const definition = store.get(definitionsKey, '', change.object.metadata.name);
  if (definition === undefined) return;
  const status = statusOf(definition, namesTaken(definition, store.list(definitionsKey)));
  if (same(withoutTimes(definition.status), withoutTimes(status))) return;
  store.put(definitionsKey, { ...copy(definition), status });
}

function namesTaken(definition: KubeObject, all: readonly KubeObject[]): boolean {
  const group = dig(definition, 'spec', 'group');
  const kind = textOr(dig(definition, 'spec', 'names', 'kind'));
  const others = all.filter(
    (one) => one.metadata.uid !== definition.metadata.uid && dig(one, 'spec', 'group') === group,
  );
  const taken = others.some((one) => dig(one, 'status', 'acceptedNames', 'kind') === kind);
  return taken || builtInResources.some((one) => one.group === group && one.kind === kind);
}

function statusOf(definition: KubeObject, taken: boolean) {
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    lastTransitionTime: timestamp(),
    reason,
    message,
  });
  const kind = textOr(dig(definition, 'spec', 'names', 'kind'));
  const conditions = taken
    ? [
        condition('NamesAccepted', 'False', 'KindConflict', `"${kind}" is already in use`),
        condition('Established', 'False', 'NotAccepted', 'not all names are accepted'),
      ]
    : [
        condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ];
  return {
    conditions,
    acceptedNames: taken ? { plural: '', kind: '' } : objectOr(dig(definition, 'spec', 'names')),
    storedVersions: [storageVersion(definition)],
  };
}

function withoutTimes(status: unknown): unknown {
  return JSON.parse(
    JSON.stringify(status ?? {}, (key, value) => (key === 'lastTransitionTime' ? undefined : value)),
  );
}
