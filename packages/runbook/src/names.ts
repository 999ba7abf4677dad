const pattern = /^[A-Za-z][A-Za-z0-9_-]*$/;
const reserved = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
  'true',
  'false',
  'null',
  'in',
]);

/** Why a text cannot name a parameter, a target, a fact, a cause or a step; nothing when it can. */
export function nameFault(name: string): string | undefined {
  if (reserved.has(name)) return `\`${name}\` is reserved`;
  if (name.length > 100) return 'a name has at most 100 characters';
  if (!pattern.test(name)) return 'a name starts with a letter and goes on with letters, digits, `-` and `_`';
  return undefined;
}

/** `worker-denied` for `Worker denied!` */
export function slugOf(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '');
  return nameFault(slug) === undefined ? slug : `x-${slug}`;
}

/** A name that is not taken: itself, or with a number. */
export function freeName(name: string, taken: { has(name: string): boolean }): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
}
