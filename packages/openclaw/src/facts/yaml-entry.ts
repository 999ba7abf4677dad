import { type Fact, isObject, type Json, objectFact } from '@claw-run/core';
import { parseDocument } from 'yaml';

/** What the YAML under a key of a ConfigMap says; `null` where there is none, or where it is not YAML. */
export function yamlEntry(entry: {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}): Fact<'cluster', Json> {
  const { namespace, name, key } = entry;
  return objectFact({
    key: `ConfigMap ${namespace}/${name} ${key} as YAML`,
    ref: { apiVersion: 'v1', kind: 'ConfigMap', name, namespace },
    parse: (object) => {
      const text = field(object?.data, key);
      const document = parseDocument(typeof text === 'string' ? text : '');
      return document.errors.length > 0 ? null : ((document.toJS() as Json) ?? null);
    },
  });
}

/** The value below some keys, or nothing where the way there ends. */
export function field(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((inner, key) => {
    if (!isObject(inner) || !Object.hasOwn(inner, key)) return undefined;
    return (inner as { readonly [key: string]: Json | undefined })[key];
  }, value);
}

export function textField(value: Json | undefined, ...keys: readonly string[]): string | undefined {
  const found = field(value, ...keys);
  return typeof found === 'string' ? found : undefined;
}

export function textsField(value: Json | undefined, ...keys: readonly string[]): readonly string[] {
  const found = field(value, ...keys);
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}
