import { isObject, type Json } from '@claw-run/core';

const widest = 140;

/** JSON as one reads it: indented by one, but what fits into a line is one line. */
export function jsonText(value: Json, indent = '', before = 0): string {
  const short = onOneLine(value);
  if (indent.length + before + short.length <= widest || typeof value !== 'object' || value === null)
    return short;
  const inner = `${indent} `;
  if (Array.isArray(value) && value.every((item: Json) => typeof item !== 'object')) {
    return `[\n${filled(value.map(onOneLine), inner)}\n${indent}]`;
  }
  const lines = Array.isArray(value)
    ? value.map((item: Json) => inner + jsonText(item, inner, 1))
    : entriesOf(value).map(([key, item]) => {
        const name = `${JSON.stringify(key)}: `;
        return inner + name + jsonText(item, inner, name.length + 1);
      });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** As many to a line as fit. */
function filled(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  for (const item of items) {
    const longer = `${lines.at(-1) ?? indent}, ${item}`;
    if (lines.length === 0 || longer.length >= widest) lines.push(indent + item);
    else lines[lines.length - 1] = longer;
  }
  return lines.join(',\n');
}

function onOneLine(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = entriesOf(value as Json & object).map(
    ([key, item]) => `${JSON.stringify(key)}: ${onOneLine(item)}`,
  );
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function entriesOf(value: object): readonly (readonly [string, Json])[] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
