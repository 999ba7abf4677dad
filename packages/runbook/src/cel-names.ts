import { endOfString } from './template.ts';

/** The roots whose names may contain `-`, as in `steps.restart-workers.changed`. */
export const roots = ['params', 'targets', 'facts', 'causes', 'steps', 'run'] as const;
export type Root = (typeof roots)[number];

/**
 * CEL reads `steps.restart-workers` as a subtraction. Names that are declared with `-` are written with `_` here, so that
 * every offset stays as it was; `-` between blanks always subtracts.
 */
export function joinNames(text: string, declared: (root: Root, name: string) => boolean): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '"' || character === "'") {
      const end = endOfString(text, at);
      out += text.slice(at, end);
      at = end;
      continue;
    }
    const found = /^(params|targets|facts|causes|steps)(\s*\.\s*)([A-Za-z_][\w-]*)/.exec(
      text.slice(at, at + 300),
    );
    if (found !== null && !/[\w.]/.test(text[at - 1] ?? '')) {
      const [all = '', root = '', dot = '', name = ''] = found;
      const kept = keptName(name, (part) => declared(root as Root, part));
      out += root + dot + kept.replaceAll('-', '_') + name.slice(kept.length);
      at += all.length;
      continue;
    }
    out += character;
    at++;
  }
  return out;
}

/** The longest declared beginning of `a-b-c`; all of it when none is, so that one wrong name is one problem. */
function keptName(name: string, declared: (name: string) => boolean): string {
  const whole = name.replace(/-+$/, '');
  for (let part = whole; ; part = part.slice(0, part.lastIndexOf('-'))) {
    if (declared(part)) return part;
    if (!part.includes('-')) return whole;
  }
}
