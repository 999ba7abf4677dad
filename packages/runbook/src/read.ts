import { parseDuration } from './duration.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { Span } from './source.ts';
import { describe, type ListTree, type MapTree, type ScalarTree, type Tree } from './tree.ts';

/** Readers of a tree: each gives what is there in the type that is due, or tells the problem and gives nothing. */
export interface Reader {
  readonly problems: Problems;
  readonly map: (tree: Tree | undefined, what: string) => MapTree | undefined;
  readonly list: (tree: Tree | undefined, what: string) => ListTree | undefined;
  readonly text: (tree: Tree | undefined, what: string) => string | undefined;
  readonly flag: (tree: Tree | undefined, what: string) => boolean | undefined;
  readonly number: (tree: Tree | undefined, what: string, range: Range) => number | undefined;
  readonly duration: (tree: Tree | undefined, what: string) => number | undefined;
  readonly choice: <const T extends string>(
    tree: Tree | undefined,
    what: string,
    choices: readonly T[],
  ) => T | undefined;
  /** Tells the keys that do not belong. */
  readonly keys: (
    map: MapTree,
    what: string,
    known: readonly string[],
    hints?: { readonly [key: string]: string },
  ) => void;
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

export function createReader(problems: Problems): Reader {
  const wrong = (tree: Tree, what: string, wanted: string, hint?: string): undefined => {
    if (tree.kind === 'scalar' && tree.broken) return;
    problems.add(firstLine(tree), `${what} must be ${wanted}, this is ${describe(tree)}`, hint);
  };
  const scalar = (tree: Tree, what: string, wanted: string): ScalarTree | undefined =>
    tree.kind === 'scalar' ? tree : wrong(tree, what, wanted);

  return {
    problems,
    map(tree, what) {
      if (tree === undefined || tree.kind === 'map') return tree;
      return wrong(tree, what, 'a map (`key: value`)');
    },
    list(tree, what) {
      if (tree === undefined || tree.kind === 'list') return tree;
      return wrong(tree, what, 'a list (`- item`)');
    },
    text(tree, what) {
      if (tree === undefined) return undefined;
      const value = scalar(tree, what, 'a text')?.value;
      if (typeof value !== 'string' || value.trim() === '') {
        return tree.kind === 'scalar' ? wrong(tree, what, 'a text', numberHint(value)) : undefined;
      }
      if (!value.includes('${{')) return value;
      problems.add(
        firstLine(tree),
        `${what} cannot hold an expression`,
        'expressions stand in `with` and `if`',
      );
      return undefined;
    },
    flag(tree, what) {
      if (tree === undefined || (tree.kind === 'scalar' && typeof tree.value === 'boolean')) {
        return tree === undefined ? undefined : tree.value === true;
      }
      return wrong(tree, what, '`true` or `false`');
    },
    number(tree, what, { least, most, whole }) {
      if (tree === undefined) return undefined;
      const value = tree.kind === 'scalar' ? tree.value : undefined;
      if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value)))
        return value;
      return wrong(tree, what, `${whole ? 'an integer' : 'a number'} from ${least} to ${most}`);
    },
    duration(tree, what) {
      if (tree === undefined) return undefined;
      const value = tree.kind === 'scalar' ? tree.value : undefined;
      const seconds = typeof value === 'string' ? parseDuration(value) : undefined;
      if (seconds !== undefined) return seconds;
      const hint =
        typeof value === 'number' ? `say the unit: \`${value}s\` or \`${value}m\`` : 'a week is the longest';
      return wrong(tree, what, 'a duration such as `500ms`, `30s`, `3m` or `1h`', hint);
    },
    choice(tree, what, choices) {
      if (tree === undefined) return undefined;
      const value = tree.kind === 'scalar' ? tree.value : undefined;
      const found = choices.find((choice) => choice === value);
      if (found !== undefined) return found;
      const list = choices.map((choice) => `\`${choice}\``).join(', ');
      const near = typeof value === 'string' ? suggestion(value, choices) : undefined;
      return wrong(tree, what, `one of ${list}`, near?.startsWith('did') ? near : undefined);
    },
    keys(map, what, known, hints = {}) {
      for (const [name, { key }] of map.entries) {
        if (known.includes(name)) continue;
        const hint = Object.hasOwn(hints, name) ? hints[name] : suggestion(name, known);
        problems.add(key, `${what} has no key \`${name.slice(0, 60)}\``, hint);
      }
    },
  };
}

function numberHint(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? `quote it: \`'${value}'\`` : undefined;
}

/** A value of many lines is pointed at by its first one. */
export function firstLine(span: Span): Span {
  const { source, start, end } = span;
  const line = source.text.indexOf('\n', start);
  return { source, start, end: line === -1 || line >= end ? end : Math.max(start + 1, line) };
}
