import { type Definition, isDefinition, isTransport, type Transport } from '@claw-run/core';
import type { Subject } from '../subject.ts';

/** What a module offers: alone or in arrays, under any names. */
export interface Exported {
  /** Each once, in the order of the exports; several may claim one id. */
  readonly definitions: readonly Definition[];
  readonly transports: readonly Transport[];
  readonly subjects: readonly Subject[];
  /** What is wrong with `subjects`. */
  readonly faults: readonly string[];
}

/** Sorts what a module exports. By parts and never by class: a library brings a copy of core of its own. */
export function exportedBy(module: { readonly [name: string]: unknown }): Exported {
  const { subjects: given = [], ...rest } = module;
  const all = [...new Set(Object.values(rest).flat())];
  const definitions = all.filter(isDefinition);
  const listed: readonly unknown[] = Array.isArray(given) ? given : [given];
  const faults = listed.flatMap((one, index) => faultOf(one, index, definitions));
  return {
    definitions,
    transports: all.filter(isTransport),
    subjects: faults.length > 0 ? [] : (listed as readonly Subject[]),
    faults,
  };
}

function faultOf(value: unknown, index: number, definitions: readonly Definition[]): readonly string[] {
  const at = `subjects[${index}]`;
  if (typeof value !== 'object' || value === null)
    return [`${at} is ${value === null ? 'null' : `a ${typeof value}`}`];
  const { title, definition, with: input } = value as Partial<Subject>;
  if (typeof title !== 'string' || title.trim() === '') return [`${at} has no title`];
  if (!isDefinition(definition)) return [`${at}, ${title}: \`definition\` is no step, check or lookup`];
  if (typeof input !== 'object' || input === null) return [`${at}, ${title}: \`with\` is missing`];
  if (definitions.includes(definition)) return [];
  return [`${at}, ${title}: its definition ${definition.id} is not exported by the module`];
}
