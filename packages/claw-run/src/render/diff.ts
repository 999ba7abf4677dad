import { type Difference, isObject, type Json, Secret } from '@claw-run/core';
import type { Style } from './style.ts';

export interface DiffOptions {
  readonly style: Style;
  /** Show everything; otherwise long values are cut. */
  readonly full: boolean;
}

const shownLines = 12;
const longText = 80;

/** The lines that show differences, one object after the other, its fields below it. */
export function diffLines(differences: readonly Difference[], options: DiffOptions): readonly string[] {
  const groups = Map.groupBy(differences, ({ path }) => String(path[0] ?? ''));
  return [...groups].flatMap(([object, fields]) => objectLines(object, fields, options));
}

function objectLines(object: string, fields: readonly Difference[], options: DiffOptions): readonly string[] {
  const { style } = options;
  const whole = fields.find(({ path }) => path.length <= 1);
  if (whole !== undefined) {
    if (absent(whole.before))
      return [style.green(`+ ${object}`), ...limited(created(whole.after, style), options)];
    if (absent(whole.after)) return [style.red(`- ${object}`)];
    return [style.yellow(`~ ${object}`), ...limited(changed('', whole, options), options)];
  }
  const lines = fields.flatMap((field) => changed(pathText(field.path.slice(1)), field, options));
  return [style.yellow(`~ ${object}`), ...limited(lines, options)];
}

function created(value: Json | undefined, style: Style): readonly string[] {
  if (absent(value)) return [];
  const shown = withoutNoise(value);
  return yamlLines(shown).map((line) => style.green(`    ${line}`));
}

function changed(path: string, difference: Difference, { style }: DiffOptions): readonly string[] {
  const key = String(difference.path.at(-1));
  if (difference.lines !== undefined)
    return [`    ${path}:`, ...difference.lines.map((line) => `      ${paintLine(line, style)}`)];
  const before = asMode(key, difference.before);
  const after = asMode(key, difference.after);
  const name = path === '' ? '' : `${path}: `;
  if (isSecret(before) || isSecret(after)) {
    const how = absent(before) ? 'set' : absent(after) ? 'removed' : 'changed';
    return [`    ${name}${style.yellow(`‹secret› ${how}`)}`];
  }
  const from = absent(before) ? '' : inline(before);
  const to = absent(after) ? '' : inline(after);
  if (absent(before)) return multi(`    ${style.green('+')} ${name}`, after, style.green);
  if (absent(after)) return multi(`    ${style.red('-')} ${name}`, before, style.red);
  if (from.length + to.length > longText) {
    return [`    ${name.trimEnd()}`, `      ${style.red(`- ${from}`)}`, `      ${style.green(`+ ${to}`)}`];
  }
  return [`    ${name}${style.red(from)} ${style.dim('→')} ${style.green(to)}`];
}

function multi(head: string, value: Json | undefined, paint: (text: string) => string): readonly string[] {
  const text = inline(value);
  if (text.length <= longText) return [`${head}${paint(text)}`];
  return [head.trimEnd(), ...yamlLines(value).map((line) => `        ${paint(line)}`)];
}

function paintLine(line: string, style: Style): string {
  if (line.startsWith('+')) return style.green(line);
  return line.startsWith('-') ? style.red(line) : style.dim(line);
}

function limited(lines: readonly string[], { full, style }: DiffOptions): readonly string[] {
  if (full || lines.length <= shownLines + 1) return lines;
  const left = lines.length - shownLines;
  return [...lines.slice(0, shownLines), style.dim(`    … ${left} more lines (-D shows all)`)];
}

/** A value as YAML would have it, without need of a library: texts that could be misread are quoted. */
function yamlLines(value: Json | undefined): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: Json) => {
      const [first = '', ...rest] = yamlLines(item);
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
    });
  }
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => {
      if (item === undefined) return [];
      if (typeof item === 'string' && item.includes('\n')) {
        return [
          `${key}: |`,
          ...item
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ];
      }
      if (!isScalar(item) && yamlLines(item as Json).length > 0) {
        return [`${key}:`, ...yamlLines(item as Json).map((line) => `  ${line}`)];
      }
      return [`${key}: ${inline(asMode(key, item as Json))}`];
    });
  }
  return [inline(value)];
}

/** What every object of its kind has, and what the heading says already. */
function withoutNoise(value: Json | undefined): Json | undefined {
  if (!isObject(value)) return value;
  const { apiVersion: _, kind: __, metadata, ...rest } = value as { [key: string]: Json | undefined };
  if (!isObject(metadata)) return value as Json;
  const { name: ___, namespace: ____, ...more } = metadata as { [key: string]: Json | undefined };
  return Object.keys(more).length === 0 ? rest : { metadata: more, ...rest };
}

/** Permissions of files are read in octal digits. */
function asMode(key: string, value: Json | undefined): Json | undefined {
  const permissions = key === 'mode' && typeof value === 'number' && Number.isInteger(value) && value >= 0;
  return permissions ? `0${value.toString(8)}` : value;
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Secret;
}

function inline(value: Json | undefined): string {
  if (value === undefined || value === null) return 'none';
  if (value instanceof Secret) return String(value);
  if (typeof value === 'string')
    return /^[\w./:@^$()*+?[\]{}|\\-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A secret, or, in events that went through JSON, what stands for it. */
function isSecret(value: Json | undefined): boolean {
  return value instanceof Secret || value === '‹secret›';
}

function absent(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null;
}

function pathText(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number' || /^\d+$/.test(part)) return `[${part}]`;
      return /^[\w-]+$/.test(part)
        ? `${index === 0 ? '' : '.'}${part}`
        : `${index === 0 ? '' : '.'}"${part}"`;
    })
    .join('');
}
