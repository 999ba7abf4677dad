import type { OnFailure } from '@claw-run/core';
import { slugOf } from './names.ts';
import { firstLine, type Reader } from './read.ts';
import { describe, type MapTree } from './tree.ts';

export const onFailures = ['roll-back', 'stop', 'continue'] as const;

const keys = [
  'runbook',
  'version',
  'title',
  'description',
  'libraries',
  'fixes',
  'symptoms',
  'params',
  'targets',
  'facts',
  'causes',
  'steps',
  'verify',
  'on-failure',
];

const synonyms = {
  name: 'the name stands in `runbook:`',
  id: 'the name stands in `runbook:`',
  inputs: 'did you mean `params`?',
  vars: 'did you mean `params`?',
  hosts: 'did you mean `targets`?',
  tasks: 'did you mean `steps`?',
  jobs: 'did you mean `steps`?',
  checks: 'did you mean `verify`?',
  preflight: 'every run checks its rights first; there is nothing to write',
};

export interface Header {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly fixes: readonly string[];
  readonly onFailure: OnFailure;
}

/** Reads what a runbook says of itself. */
export function readHeader(root: MapTree, reader: Reader): Header {
  reader.keys(root, 'a runbook', keys, synonyms);
  const start = firstLine(root);
  const name = readName(root, reader);
  readVersion(root, reader);
  const title = reader.text(root.entries.get('title')?.value, '`title`');
  if (!root.entries.has('title'))
    reader.problems.add(start, '`title` is missing', 'one line: what is broken');
  const description = reader.text(root.entries.get('description')?.value, '`description`');
  const fixes = (reader.list(root.entries.get('fixes')?.value, '`fixes`')?.items ?? []).flatMap(
    (item) => reader.text(item, 'an error code in `fixes`') ?? [],
  );
  readLibraries(root, reader);
  const onFailure =
    reader.choice(root.entries.get('on-failure')?.value, '`on-failure`', onFailures) ?? 'roll-back';
  return { name, title: title ?? name, description, fixes, onFailure };
}

/** `libraries:` is read again by who loads them; here it is only checked. */
function readLibraries(root: MapTree, reader: Reader): void {
  for (const item of reader.list(root.entries.get('libraries')?.value, '`libraries`')?.items ?? []) {
    const name = reader.text(item, 'a library in `libraries`');
    if (name === undefined || isLibraryName(name)) continue;
    reader.problems.add(
      item,
      `\`${name.slice(0, 60)}\` is neither a file nor a package`,
      'a file beside the runbook, as `./steps.ts`, or the name of a package that is installed there, as `@acme/steps`',
    );
  }
}

/** Whether a library can be called so: a path that begins with a dot or a slash, or the name of a package with a path in it. */
export function isLibraryName(name: string): boolean {
  return /^(\.{1,2}\/|\/).|^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[\w.~-]+)*$/.test(name);
}

function readName(root: MapTree, reader: Reader): string {
  const entry = root.entries.get('runbook');
  if (entry === undefined) {
    const hint = root.entries.has('fragment')
      ? 'this is a fragment: a runbook includes it'
      : 'such as `runbook: worker-denied`';
    reader.problems.add(firstLine(root), '`runbook: NAME` is missing', hint);
    return '';
  }
  const name = reader.text(entry.value, '`runbook`');
  if (name !== undefined && !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    reader.problems.add(
      entry.value,
      `\`${name.slice(0, 60)}\` cannot name a runbook: lower-case words joined by \`-\``,
      `such as \`${slugOf(name)}\``,
    );
  }
  return name ?? '';
}

/** `version: 1`, the only one there is. */
export function readVersion(root: MapTree, { problems }: Reader): void {
  const tree = root.entries.get('version')?.value;
  if (tree === undefined) {
    problems.add(firstLine(root), '`version` is missing', 'add `version: 1`');
    return;
  }
  if (tree.kind === 'scalar' && (tree.value === 1 || tree.broken)) return;
  const newer = tree.kind === 'scalar' && typeof tree.value === 'number' && tree.value > 1;
  const hint = newer ? 'update claw-run, or write `version: 1`' : 'write `version: 1`';
  problems.add(tree, `\`version\` must be 1, this is ${describe(tree)}`, hint);
}
