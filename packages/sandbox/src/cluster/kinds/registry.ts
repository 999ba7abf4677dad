import { dig, type KubeObject, objectsOf, textOr } from '../storage/objects.ts';
import type { Store } from '../storage/store.ts';
import { builtInResources } from './built-in.ts';
import { customResources } from './custom.ts';
import { type Resource, storeKey } from './resource.ts';

/** Where CustomResourceDefinitions are kept. */
export const definitionsKey = 'apiextensions.k8s.io/customresourcedefinitions';

/** Finds resources, built in or defined by a CustomResourceDefinition. */
export interface Registry {
  all(): readonly Resource[];
  find(group: string, version: string, plural: string): Resource | undefined;
  /** The version of a resource that its objects are handled in when no request names one. */
  preferred(key: string): Resource | undefined;
  /** The resource of an object by its apiVersion and kind. */
  ofKind(group: string, kind: string): Resource | undefined;
}

/** The resources known to the server; definitions are followed as they come and go. */
export function createRegistry(store: Store): Registry {
  let known: readonly Resource[] | undefined;
  store.subscribe((change) => {
    if (change.key === definitionsKey) known = undefined;
  });
  const all = (): readonly Resource[] => {
    known ??= [...builtInResources, ...store.list(definitionsKey).flatMap(customResources)];
    return known;
  };
  return {
    all,
    find: (group, version, plural) =>
      all().find((one) => one.group === group && one.version === version && one.plural === plural),
    preferred(key) {
      const definition = store.list(definitionsKey).find((one) => key === definedKey(one));
      const version = definition && storageVersion(definition);
      return all().find((one) => storeKey(one) === key && (version === undefined || one.version === version));
    },
    ofKind: (group, kind) => all().find((one) => one.group === group && one.kind === kind),
  };
}

/** `group/plural` of what a definition defines. */
export function definedKey(definition: KubeObject): string {
  return `${textOr(dig(definition, 'spec', 'group'))}/${textOr(dig(definition, 'spec', 'names', 'plural'))}`;
}

/** The version in which a definition's objects are stored. */
export function storageVersion(definition: KubeObject): string {
  return textOr(
    objectsOf(dig(definition, 'spec', 'versions')).find((version) => version.storage === true)?.name,
  );
}
