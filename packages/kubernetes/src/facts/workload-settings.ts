import { type ClusterObject, type Fact, type Json, nameOf, type ObjectRef, objectFact } from '@claw-run/core';
import { listAt, textAt } from '../lib/json-at.ts';
import { type Found, follow, parsePath } from '../lib/path.ts';

/** The settings of a Deployment, StatefulSet or DaemonSet that a step manages, and where they stand. */
export interface WorkloadSettings {
  /** `null` when it is not set, which means `default`. */
  readonly serviceAccount?: string | null;
  readonly environment?: Environment | null;
  readonly fields: { readonly [path: string]: Found };
}

export interface Environment {
  readonly container: string;
  readonly index: number;
  /** The entries that are managed, as they are stored. */
  readonly env: { readonly [name: string]: Json };
  /** The names of all entries, so that one that was taken away returns to its place. */
  readonly order: readonly string[];
}

export interface Managed {
  readonly serviceAccount: boolean;
  readonly container: string | undefined;
  readonly env: readonly string[];
  readonly paths: readonly string[];
}

/** `null` when there is no such workload; `environment` is `null` where the container cannot be told. */
export function workloadSettings(ref: ObjectRef, managed: Managed): Fact<'cluster', WorkloadSettings | null> {
  return objectFact({
    key: `${nameOf(ref)} settings`,
    ref,
    parse: (object) => (object === null ? null : parseSettings(object, managed)),
  });
}

function parseSettings(object: ClusterObject, managed: Managed): WorkloadSettings {
  const account = textAt(object, 'spec', 'template', 'spec', 'serviceAccountName');
  return {
    ...(managed.serviceAccount ? { serviceAccount: account ? account : null } : {}),
    ...(managed.env.length > 0 ? { environment: parseEnvironment(object, managed) } : {}),
    fields: Object.fromEntries(managed.paths.map((path) => [path, follow(object, parsePath(path) ?? [])])),
  };
}

function parseEnvironment(object: ClusterObject, managed: Managed): Environment | null {
  const containers = listAt(object, 'spec', 'template', 'spec', 'containers');
  const index =
    managed.container === undefined
      ? containers.length - 1
      : containers.findIndex((one) => textAt(one, 'name') === managed.container);
  if (index < 0 || (managed.container === undefined && index > 0)) return null;
  const entries = listAt(containers[index], 'env').map(
    (entry) => [textAt(entry, 'name') ?? '', entry] as const,
  );
  return {
    container: textAt(containers[index], 'name') ?? '',
    index,
    env: Object.fromEntries(entries.filter(([name]) => managed.env.includes(name))),
    order: entries.map(([name]) => name),
  };
}
