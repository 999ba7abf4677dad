import { forbiddenField, invalidValue } from '../storage/causes.ts';
import { type KubeObject, objectOr, same } from '../storage/objects.ts';
import type { Cause } from '../storage/status.ts';

const keyPattern = /^[-._a-zA-Z0-9]+$/;
const keyRule =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** ConfigMap: its keys, and what `immutable: true` freezes. */
export function validateConfigMap(map: KubeObject, before?: KubeObject): readonly Cause[] {
  return [...keyCauses(map), ...frozenCauses(map, before, ['data', 'binaryData'])];
}

/** Secret: its keys, its type, which may not change, and what `immutable: true` freezes. */
export function validateSecret(secret: KubeObject, before?: KubeObject): readonly Cause[] {
  const causes = [...keyCauses(secret), ...frozenCauses(secret, before, ['data'])];
  if (before !== undefined && secret.type !== before.type)
    causes.push(invalidValue('type', secret.type, 'field is immutable'));
  if (secret.type !== 'kubernetes.io/tls') return causes;
  const missing = ['tls.crt', 'tls.key'].filter((key) => objectOr(secret.data)[key] === undefined);
  return [
    ...causes,
    ...missing.map((key) => ({
      reason: 'FieldValueRequired',
      message: 'Required value',
      field: `data[${key}]`,
    })),
  ];
}

function keyCauses(object: KubeObject): Cause[] {
  return ['data', 'binaryData'].flatMap((field) =>
    Object.keys(objectOr(object[field]))
      .filter((key) => !keyPattern.test(key))
      .map((key) => invalidValue(`${field}[${key}]`, key, keyRule)),
  );
}

function frozenCauses(
  object: KubeObject,
  before: KubeObject | undefined,
  fields: readonly string[],
): readonly Cause[] {
  if (before?.immutable !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  const thawed = object.immutable === true ? [] : [forbiddenField('immutable', why)];
  const changed = fields.filter((field) => !same(object[field] ?? {}, before[field] ?? {}));
  return [...thawed, ...changed.map((field) => forbiddenField(field, why))];
}
