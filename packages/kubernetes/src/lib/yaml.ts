import type { Json } from '@claw-run/core';
import { parseDocument } from 'yaml';

/** The value of a YAML text, or the first thing that is wrong with it. */
export function parseYaml(text: string): { readonly value: Json } | { readonly error: string } {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { error: error.message.split('\n')[0] ?? error.message };
  const value: Json | undefined = document.toJS();
  return { value: value ?? null };
}
