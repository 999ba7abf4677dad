import type { Library, Target } from '@claw-run/core';
import { createFrame, type Frame } from './frame.ts';
import { readVersion } from './header.ts';
import { freeName, nameFault, slugOf } from './names.ts';
import { readParams } from './params.ts';
import { parseYaml } from './parse-yaml.ts';
import { firstLine, type Reader } from './read.ts';
import { readBytes } from './read-bytes.ts';
import { positionOf, type Span } from './source.ts';
import { describe, type MapTree, type Tree } from './tree.ts';

/** One item of `steps` or `verify`, in the order of the runbook, its fragments unfolded. */
export type Item = UseItem | IncludeItem;

export interface UseItem {
  readonly type: 'use';
  readonly map: MapTree;
  readonly frame: Frame;
  /** As its file calls it. */
  readonly id: string;
  readonly span: Span;
}

/** The place where a fragment starts: here its parameters get their values. */
export interface IncludeItem {
  readonly type: 'include';
  readonly map: MapTree;
  readonly frame: Frame;
  readonly fragment: Frame;
  readonly file: string;
}

export interface ItemsContext {
  readonly reader: Reader;
  readonly library: Library;
  readonly targets: readonly Target[];
  readonly readInclude: (file: string) => Promise<Uint8Array>;
  /** The texts of all files read, by name. */
  readonly sources: Map<string, string>;
  readonly budget: { includes: number };
}

interface Place {
  readonly frame: Frame;
  readonly section: 'steps' | 'verify';
  /** The files that lead here. */
  readonly chain: readonly string[];
  readonly taken: Map<string, Span>;
}

const mostIncludes = 100;
const deepestInclude = 8;

/** Unfolds the items of a section: reads fragments, gives every item its id. */
export async function unfold(
  tree: Tree | undefined,
  place: Place,
  context: ItemsContext,
): Promise<readonly Item[]> {
  const { reader } = context;
  const list = reader.list(tree, `\`${place.section}\``);
  const items: Item[] = [];
  for (const item of list?.items ?? []) {
    if (item.kind === 'scalar' && item.broken) continue;
    const map = reader.map(item, place.section === 'steps' ? 'a step' : 'a verification');
    if (map === undefined) continue;
    if (map.entries.has('include')) items.push(...(await unfoldInclude(map, place, context)));
    else items.push(itemOf(map, place, reader));
  }
  return items;
}

function itemOf(map: MapTree, place: Place, reader: Reader): UseItem {
  const tree = map.entries.get('id')?.value;
  const span = tree ?? firstLine(map);
  const suggestionText = map.entries.get('name')?.value ?? map.entries.get('uses')?.value;
  const suggested = slugOf(
    String(suggestionText?.kind === 'scalar' ? suggestionText.value : 'step').replace(/^.*\./, ''),
  );
  const given = reader.text(tree, '`id`');
  if (tree === undefined && place.section === 'steps') {
    reader.problems.add(span, 'the step has no `id`', `such as \`id: ${suggested}\``);
  }
  const fault = given === undefined ? undefined : nameFault(given);
  if (fault !== undefined) reader.problems.add(span, `\`${given}\` cannot be an id: ${fault}`);
  const { frame, taken } = place;
  if (given !== undefined) claim(given, span, place, reader);
  const id =
    given ?? freeName(suggested, { has: (name) => taken.has((frame.prefix + name).replaceAll('-', '_')) });
  if (given === undefined) taken.set((frame.prefix + id).replaceAll('-', '_'), span);
  if (place.section === 'steps' && (tree === undefined || given !== undefined))
    addStep(frame, frame.prefix + id);
  return { type: 'use', map, frame, id, span };
}

function claim(id: string, span: Span, { frame, taken, section }: Place, { problems }: Reader): void {
  const whole = frame.prefix + id;
  // Expressions read both as one, so they are one name.
  const first = taken.get(whole.replaceAll('-', '_'));
  if (first === undefined) {
    taken.set(whole.replaceAll('-', '_'), span);
    return;
  }
  const { file, line } = positionOf(first.source, first.start);
  const what = section === 'steps' ? 'step' : 'verification';
  if (frame.origin !== undefined) {
    const hint = 'give the include an `id`: its steps are then called `<id>-…`';
    problems.add(
      frame.origin,
      `the include brings a ${what} \`${whole}\`, and there is one (${file}:${line})`,
      hint,
    );
  } else {
    const how =
      first.source.text.slice(first.start, first.end) === id
        ? `already called \`${whole}\``
        : `called the same but for \`-\` and \`_\``;
    problems.add(span, `another ${what} is ${how} (${file}:${line})`);
  }
}

function addStep(frame: Frame, whole: string): void {
  for (let owner: Frame | undefined = frame; owner !== undefined; owner = owner.parent) {
    owner.steps.add(whole.slice(owner.prefix.length));
  }
}

async function unfoldInclude(map: MapTree, place: Place, context: ItemsContext): Promise<readonly Item[]> {
  const { reader, targets } = context;
  reader.keys(map, 'an include', ['include', 'with', 'id'], {
    if: 'put `if` on the steps of the fragment; give it a boolean parameter',
  });
  const tree = map.entries.get('include')?.value;
  const path = reader.text(tree, '`include`');
  const id = reader.text(map.entries.get('id')?.value, '`id`');
  const fault = id === undefined ? undefined : nameFault(id);
  if (fault !== undefined)
    reader.problems.add(map.entries.get('id')?.value ?? map, `\`${id}\` cannot be an id: ${fault}`);
  if (tree === undefined || path === undefined) return [];
  const root = await readFragment(path, tree, place, context);
  if (root === undefined) return [];
  const { fragment, file } = root;
  const params = readParams(fragment.entries.get('params')?.value, reader, true);
  const prefix = id === undefined ? place.frame.prefix : `${place.frame.prefix}${id}-`;
  const frame = createFrame({
    params,
    targets: new Set(targets.map(({ name }) => name)),
    prefix,
    parent: place.frame,
    origin: tree,
  });
  const inner = { ...place, frame, chain: [...place.chain, file] };
  const items = await unfold(fragment.entries.get('steps')?.value, inner, context);
  return [{ type: 'include', map, frame: place.frame, fragment: frame, file }, ...items];
}

async function readFragment(path: string, tree: Tree, place: Place, context: ItemsContext) {
  const { reader } = context;
  const { problems } = reader;
  const from = tree.source.file;
  const file = /^[a-z]+:\/\//i.test(path) ? undefined : joined(from, path);
  const chain = [...place.chain, file].join(' → ');
  if (file === undefined)
    return void problems.add(
      tree,
      '`include` takes the path of a file',
      'copy the fragment beside the runbook',
    );
  if (place.chain.includes(file))
    return void problems.add(tree, `the include leads back to itself: ${chain}`);
  if (place.chain.length > deepestInclude)
    return void problems.add(tree, `includes are nested more than ${deepestInclude} deep: ${chain}`);
  if (--context.budget.includes < 0)
    return void problems.add(tree, `the runbook includes more than ${mostIncludes} fragments`);
  const bytes = await context.readInclude(file).catch((error: unknown) => {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'there is no such file'
        : String(error instanceof Error ? error.message : error);
    problems.add(
      tree,
      `cannot read \`${path}\`: ${reason}`,
      place.chain.length > 1 ? `included by ${place.chain.join(' → ')}` : `looked for ${file}`,
    );
  });
  if (bytes === undefined) return undefined;
  const read = readBytes(file, bytes);
  if (!read.ok)
    return void problems.add(
      tree,
      `cannot read \`${path}\`: ${read.problem.message}`,
      read.problem.hint,
      read.problem.code,
    );
  context.sources.set(file, read.source.text);
  const parsed = await parseYaml(read.source, problems);
  const fragment = reader.map(parsed, 'a fragment');
  if (fragment === undefined) return undefined;
  return readFragmentHeader(fragment, reader) ? { fragment, file } : undefined;
}

function readFragmentHeader(fragment: MapTree, reader: Reader): boolean {
  const start = firstLine(fragment);
  const known = ['fragment', 'version', 'title', 'description', 'params', 'steps'];
  if (fragment.entries.has('runbook')) {
    reader.problems.add(
      fragment.entries.get('runbook')?.key ?? start,
      'this is a runbook; only a fragment can be included',
      'a fragment starts with `fragment: NAME`',
    );
    return false;
  }
  const own = 'a fragment has `params` and `steps`; this belongs to the runbook';
  reader.keys(fragment, 'a fragment', known, {
    targets: own,
    causes: own,
    facts: own,
    verify: own,
    symptoms: own,
    fixes: own,
  });
  if (!fragment.entries.has('fragment'))
    reader.problems.add(start, 'a fragment starts with `fragment: NAME`');
  reader.text(fragment.entries.get('fragment')?.value, '`fragment`');
  readVersion(fragment, reader);
  const steps = fragment.entries.get('steps');
  if (steps === undefined) reader.problems.add(start, 'the fragment has no `steps`');
  else if (steps.value.kind === 'list' && steps.value.items.length === 0)
    reader.problems.add(steps.key, `\`steps\` is empty: ${describe(steps.value)} without items`);
  return true;
}

/** A path beside another file, `.` and `..` resolved; slashes on every system. */
export function joined(from: string, path: string): string {
  const normal = path.replaceAll('\\', '/');
  if (normal.startsWith('/') || /^[A-Za-z]:\//.test(normal)) return normal;
  const base = from.replaceAll('\\', '/');
  const parts = base.split('/').slice(0, -1);
  for (const part of normal.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..' && parts.at(-1) !== '') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
