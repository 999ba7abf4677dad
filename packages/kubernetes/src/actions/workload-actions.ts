import type { ClusterAction, Json, ObjectRef, PatchOperation } from '@claw-run/core';
import { equal } from '@claw-run/core';
import type { Environment, WorkloadSettings } from '../facts/workload-settings.ts';
import { pointer } from '../lib/path.ts';
import { fieldPatch } from './field-actions.ts';

const template = ['spec', 'template', 'spec'];

/** Leads the managed settings of a workload from one state to another, as one patch. */
export function workloadActions(
  ref: ObjectRef,
  from: WorkloadSettings | null,
  to: WorkloadSettings | null,
): readonly ClusterAction[] {
  if (from === null || to === null) return [];
  const patch = [
    ...accountPatch(from.serviceAccount ?? null, to.serviceAccount ?? null),
    ...environmentPatch(from.environment ?? null, to.environment ?? null),
    ...fieldPatch(from.fields, to.fields),
  ];
  return patch.length === 0 ? [] : [{ do: 'patch', ref, patch }];
}

/**
 * The server keeps the former name of the field, `serviceAccount`, equal to it, and takes either when only one is set:
 * both have to be written. `remove` fails on what is not there, hence `add` before it.
 */
function accountPatch(from: string | null, to: string | null): readonly PatchOperation[] {
  if (from === to) return [];
  const [path, former] = [
    pointer([...template, 'serviceAccountName']),
    pointer([...template, 'serviceAccount']),
  ];
  const tests: PatchOperation[] = from === null ? [] : [{ op: 'test', path, value: from }];
  if (to !== null) return [...tests, { op: 'add', path, value: to }, { op: 'add', path: former, value: to }];
  const emptied = [path, former].flatMap((one): PatchOperation[] => [
    { op: 'add', path: one, value: '' },
    { op: 'remove', path: one },
  ]);
  return [...tests, ...emptied];
}

function environmentPatch(from: Environment | null, to: Environment | null): readonly PatchOperation[] {
  if (from === null || to === null || equal(from, to)) return [];
  const container = [...template, 'containers', from.index];
  const guard: PatchOperation = { op: 'test', path: pointer([...container, 'name']), value: from.container };
  if (from.order.length === 0) {
    return [guard, { op: 'add', path: pointer([...container, 'env']), value: Object.values(to.env) }];
  }
  if (to.order.length === 0) {
    const path = pointer([...container, 'env']);
    const all = from.order.map((name) => from.env[name] ?? null);
    return [guard, { op: 'test', path, value: all }, { op: 'remove', path }];
  }
  const at = (index: number) => pointer([...container, 'env', index]);
  const gone = from.order.filter((name) => from.env[name] !== undefined && to.env[name] === undefined);
  const removed = gone.flatMap((name, already): PatchOperation[] => {
    const path = at(from.order.indexOf(name) - already);
    return [
      { op: 'test', path, value: from.env[name] ?? null },
      { op: 'remove', path },
    ];
  });
  const left = from.order.filter((name) => !gone.includes(name));
  const replaced = left.flatMap((name, index): PatchOperation[] => {
    const [before, after] = [from.env[name], to.env[name]];
    if (before === undefined || after === undefined || equal(before, after)) return [];
    return [
      { op: 'test', path: at(index), value: before },
      { op: 'replace', path: at(index), value: after },
    ];
  });
  const added = to.order.flatMap((name, index): PatchOperation[] => {
    const entry: Json | undefined = to.env[name];
    return entry === undefined || from.env[name] !== undefined
      ? []
      : [{ op: 'add', path: at(index), value: entry }];
  });
  return [guard, ...removed, ...replaced, ...added];
}
