import { basename, parse } from 'node:path';
import type { Definition } from '@claw-run/core';

const ending = '.cases.yaml';

interface Cases {
  /** The module, as it is called. */
  readonly name: string;
  readonly definitions: readonly Definition[];
  readonly files: readonly string[];
}

/** The files of cases of a definition: those that are named like it, and for the only one of a module those that are named like the module. */
export function casesOf({ id }: Definition, { name, definitions, files }: Cases): readonly string[] {
  const names = [id.split('.').at(-1), ...(definitions.length === 1 ? [parse(name).name] : [])];
  return files.filter((file) => names.some((one) => basename(file) === `${one}${ending}`));
}

/** The files of cases that no definition has. */
export function strayCases(cases: Cases): readonly string[] {
  const own = new Set(cases.definitions.flatMap((definition) => casesOf(definition, cases)));
  return cases.files.filter((file) => !own.has(file));
}
