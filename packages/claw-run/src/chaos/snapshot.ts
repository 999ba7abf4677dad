/** A world at one moment, from outside: by thing (an object, a file) and part of it, what it is. */
export type Snapshot = ReadonlyMap<string, string>;

/** Between the name of a thing and the path of a part of it. */
const separator = ' · ';

/** The parts of a thing of JSON, each under its path. */
export function partsOf(thing: string, value: unknown): readonly (readonly [string, string])[] {
  const parts: [string, string][] = [[thing, 'there']];
  const walk = (path: string, each: unknown) => {
    if (typeof each === 'object' && each !== null && Object.keys(each).length > 0) {
      for (const [key, inner] of Object.entries(each)) walk(path === '' ? key : `${path}.${key}`, inner);
    } else parts.push([`${thing}${separator}${path}`, withoutChance(JSON.stringify(each) ?? 'nothing')]);
  };
  walk('', value);
  return parts;
}

/** What differs between two trials by nature: names of runs, moments, tokens. */
export function withoutChance(text: string): string {
  return text
    .replace(/\br\d{8}t\d{6}-[0-9a-f]+\b/g, '<run>')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, tokenPlainly)
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>');
}

function tokenPlainly(token: string): string {
  try {
    const claims: { sub?: string; exp?: number } = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    const valid = claims.exp === undefined || claims.exp > Date.now() / 1000;
    return `<token of ${claims.sub}, ${valid ? 'valid' : 'expired'}>`;
  } catch {
    return token;
  }
}

/** What is not the same in two snapshots, but for parts that never are. Of a thing that is there in one of them alone, that alone is told. */
export function differences(now: Snapshot, wanted: Snapshot, unsteady: ReadonlySet<string> = new Set()) {
  const isInBoth = (name: string) => now.has(name) && wanted.has(name);
  return [...new Set([...now.keys(), ...wanted.keys()])]
    .filter((name) => !unsteady.has(name) && now.get(name) !== wanted.get(name))
    .filter((name) => name === thingOf(name) || isInBoth(thingOf(name)))
    .map((name) => ({ name, now: now.get(name), wanted: wanted.get(name) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

export type Difference = ReturnType<typeof differences>[number];

/** The thing that a part is of. */
export function thingOf(name: string): string {
  return name.split(separator)[0] ?? name;
}

export function describeDifference({ name, now, wanted }: Difference): string {
  return `${name}: ${short(now)}, and should be ${short(wanted)}`;
}

function short(value: string | undefined): string {
  if (value === undefined) return 'absent';
  return value.length > 120 ? `${value.slice(0, 120)}…` : value;
}
