import { parseDocument } from 'yaml';

/** How deep each key of a job file stands: each has one place, so a line says by its key where it belongs. */
const depths: { readonly [key: string]: number } = {
  job: 0,
  name: 1,
  command: 1,
  queue: 1,
  resources: 1,
  cpu: 2,
  mem: 2,
};
const parents: { readonly [key: string]: string } = { cpu: 'resources', mem: 'resources' };

/**
 * A job file with every line where it belongs, where nothing but the blanks at the starts of lines has to change for that
 * and there is only one way: each line is a known `key: value` or a comment, no key is there twice, and each stands below the
 * key it belongs to. Undefined for any other file, and for one that is in place already.
 */
export function reindent(text: string): string | undefined {
  const lines = text.split('\n');
  const keys = lines.map(keyOf);
  const named = keys.filter((key) => key !== undefined);
  const isKnown = lines.every((line, at) => /^\s*(#.*)?$/.test(line) || keys[at] !== undefined);
  if (!isKnown || new Set(named).size !== named.length || named[0] !== 'job') return undefined;
  let section = 'job';
  for (const key of named) {
    if (parents[key] !== undefined && section !== parents[key]) return undefined;
    if (depths[key] === 1) section = key;
  }
  const placed = lines
    .map((line, at) => {
      const next = keys.slice(at).find((key) => key !== undefined);
      const depth = depths[keys[at] ?? next ?? 'job'] ?? 0;
      return line.trim() === '' ? line : `${'  '.repeat(depth)}${line.trimStart()}`;
    })
    .join('\n');
  return placed !== text && isJob(placed) ? placed : undefined;
}

const ends: { readonly [opening: string]: string } = { '"': '"', "'": "'", '[': ']', '{': '}' };

/** The key of a line that is `key: value`, or `key:`; none where the value goes on in further lines. */
function keyOf(line: string): string | undefined {
  const [, key = '', value = ''] = /^\s*([a-z]+):(?:\s+(.*))?$/.exec(line.trimEnd()) ?? [];
  const closing = ends[value[0] ?? ''];
  const goesOn = /^[|>&*!]/.test(value) || (closing !== undefined && !value.endsWith(closing));
  return Object.hasOwn(depths, key) && !goesOn ? key : undefined;
}

function isJob(text: string): boolean {
  const document = parseDocument(text);
  return (
    document.errors.length === 0 &&
    ['name', 'command'].every((key) => typeof document.getIn(['job', key]) === 'string')
  );
}
