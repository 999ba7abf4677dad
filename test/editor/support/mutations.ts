export interface Mutation {
  readonly what: string;
  readonly value: unknown;
}

/** Values of each type, and texts that few inputs take. */
const others: readonly unknown[] = [
  null,
  true,
  7,
  -1,
  1.5,
  1e9,
  '',
  'x',
  'UPPER',
  'two words',
  '-x',
  '1',
  '/a/b',
  'https://a.example',
  'a\nb',
  [],
  ['x'],
  [7],
  {},
  { a: 'b' },
  { a: 7 },
  '${{ params.any[0] }}',
  'a-${{ params.any[0] }}',
];

/** The value with one thing changed: a key added, a key taken away, a value of another type; everywhere in it. */
export function mutationsOf(value: unknown): readonly Mutation[] {
  return [...changes(value, 'with')].map(([what, changed]) => ({ what, value: changed }));
}

function* changes(value: unknown, path: string): Generator<readonly [what: string, value: unknown]> {
  if (Array.isArray(value)) {
    yield [`${path} has one item more`, [...value, 'x']];
    yield [`${path} has none of its items`, []];
    for (const [index, item] of value.entries())
      for (const [what, changed] of below(item, `${path}.${index}`)) yield [what, value.with(index, changed)];
  } else if (typeof value === 'object' && value !== null) {
    yield [`${path} has another key`, { ...value, other: 'x' }];
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as { readonly [key: string]: unknown };
      yield [`${path} has no ${key}`, rest];
      for (const [what, changed] of below(item, `${path}.${key}`)) yield [what, { ...value, [key]: changed }];
    }
  }
}

function* below(value: unknown, path: string): Generator<readonly [what: string, value: unknown]> {
  for (const other of others) yield [`${path} is ${JSON.stringify(other)}`, other];
  yield* changes(value, path);
}
