import type { ClusterObject } from '@claw-run/core';
import { listAt, textAt } from '../lib/json-at.ts';

/** The values that the containers of a workload are given for variables; only those that are set, and as they stand. */
export function containerEnv(
  object: ClusterObject,
  names?: readonly string[],
): { readonly [name: string]: string } {
  const entries = listAt(object, 'spec', 'template', 'spec', 'containers').flatMap((one) =>
    listAt(one, 'env'),
  );
  const values = entries.flatMap((entry) => {
    const name = textAt(entry, 'name') ?? '';
    const taken = Object.hasOwn(Object(entry), 'valueFrom');
    return taken || (names !== undefined && !names.includes(name))
      ? []
      : [[name, textAt(entry, 'value') ?? '']];
  });
  return Object.fromEntries(values);
}
