import type { ClusterObject, Json } from '@claw-run/core';
import { Secret } from '@claw-run/core';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { isList, isMap, listAt, textAt } from './json-at.ts';

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** Objects as YAML text (one or several documents), as a list or as one; `kind: List` is taken apart. */
export const manifest = z
  .union([z.string(), z.record(z.string(), z.json()), z.array(z.record(z.string(), z.json()))])
  .transform((value, context): readonly ClusterObject[] => {
    const objects: ClusterObject[] = [];
    for (const item of typeof value === 'string' ? documents(value) : [value].flat()) {
      for (const one of textAt(item, 'kind') === 'List' ? listAt(item, 'items') : [item]) {
        const parsed = object.safeParse(one);
        // What was checked is all that the type asks for; the rest is JSON.
        if (parsed.success) objects.push(one as ClusterObject);
        else
          context.addIssue(
            `not an object of Kubernetes: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
          );
      }
    }
    if (objects.length === 0) context.addIssue('there is no object in it');
    return objects;
  });

/** Whether a stored object has all that a manifest says. */
export function covers(stored: Json | undefined, wanted: Json | undefined): boolean {
  if (isMap(wanted)) {
    return isMap(stored) && Object.entries(wanted).every(([key, value]) => covers(stored[key], value));
  }
  if (isList(wanted)) {
    return isList(stored) && wanted.every((item) => stored.some((other) => covers(other, item)));
  }
  return (
    (stored instanceof Secret ? stored.reveal() : stored) ===
    (wanted instanceof Secret ? wanted.reveal() : wanted)
  );
}

/** A stored object with what a manifest says laid over it: what can be predicted without asking the server. */
export function laidOver(stored: Json | undefined, wanted: Json): Json {
  if (!isMap(stored) || !isMap(wanted)) return wanted;
  const merged = Object.entries(wanted).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, laidOver(stored[key], value)]],
  );
  return { ...stored, ...Object.fromEntries(merged) };
}

function documents(text: string): readonly Json[] {
  const parsed = parseAllDocuments(text);
  return [...parsed].flatMap((document): Json[] => {
    const [error] = document.errors;
    if (error !== undefined) return [`${error.message.split('\n')[0]}`];
    const value: Json = document.toJS();
    return value === null ? [] : [value];
  });
}
