import { equal, isYaml, type Json } from '@claw-run/core';
import { type Document, isAlias, parseDocument } from 'yaml';
import { follow, parsePath, pointerKeys } from './path.ts';

/** The value of a YAML text, or the first thing that is wrong with it. */
export function parseYaml(text: string): { readonly value: Json } | { readonly error: string } {
  const read = readYaml(text);
  return 'error' in read ? read : { value: read.value };
}

function readYaml(
  text: string,
): { readonly value: Json; readonly document: Document } | { readonly error: string } {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { error: error.message.split('\n')[0] ?? error.message };
  const value: Json | undefined = document.toJS();
  return { value: value ?? null, document };
}

/** The value at a path of a YAML text, and whether that is a wanted one to readers of YAML 1.1 and 1.2. */
export function yamlAt(
  text: string,
  path: string,
): { readonly value: Json | undefined; readonly is: (wanted: Json) => boolean } | { readonly error: string } {
  const yaml = readYaml(text);
  if ('error' in yaml) return yaml;
  const found = follow(yaml.value, parsePath(path) ?? []);
  if (!('value' in found)) return { value: undefined, is: () => false };
  const { value } = found;
  const node: unknown = yaml.document.getIn(pointerKeys(found.at), true);
  return { value, is: (wanted) => (isAlias(node) ? equal(value, wanted) : isYaml(node, wanted)) };
}
