import type * as z from 'zod';
import { nearest } from './nearest.ts';
import { definitionOf } from './zod-definition.ts';

/** What a schema has against a value, in plain words. `message` goes on after the name of the input: "must be …". */
export interface Issue {
  readonly kind: 'missing' | 'type' | 'value' | 'key';
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
  /** Of a list or a map as such: whatever expressions inside of it will give. */
  readonly sure?: boolean;
}

type ZodIssue = z.core.$ZodIssue;

/** Parses a value and tells all issues; of unknown keys those that zod tells, which are the ones of strict schemas. */
export function issuesOf(
  schema: z.ZodType,
  value: unknown,
  concerns: (issue: Issue) => boolean = () => true,
): readonly Issue[] {
  const given = value === null || value === undefined ? {} : value;
  const result = safeParse(schema, given);
  if (result === undefined || result.success) return [];
  return result.error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? unknownKeys(issue) : inWords(issue, schema, given, concerns),
    )
    .filter(concerns);
}

// A refinement or a transform of a step's author may not expect what stands for an expression.
function safeParse(schema: z.ZodType, value: unknown) {
  try {
    return schema.safeParse(value, { reportInput: true });
  } catch {
    return undefined;
  }
}

function unknownKeys({ path, keys }: ZodIssue & { code: 'unrecognized_keys' }): readonly Issue[] {
  return keys.map((key) => ({ kind: 'key', path: [...path, key], message: '' }));
}

function inWords(
  issue: ZodIssue,
  schema: z.ZodType,
  root: unknown,
  concerns: (issue: Issue) => boolean,
): readonly Issue[] {
  const { path } = issue;
  const absent = valueAt(root, path) === undefined && path.length > 0;
  switch (issue.code) {
    case 'unrecognized_keys':
      return [];
    case 'invalid_type': {
      const expected = expectedInWords(issue.expected);
      const description = descriptionAt(schema, path);
      if (absent)
        return [
          {
            kind: 'missing',
            path,
            message: '',
            expected,
            ...(description === undefined ? {} : { hint: description }),
          },
        ];
      return [{ kind: 'type', path, message: `must be ${expected}`, sure: isOfWhole(issue, root) }];
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const list = values.map((value) => `\`${value}\``).join(', ');
      if (absent)
        return [
          { kind: 'missing', path, message: '', expected: values.length === 1 ? list : `one of ${list}` },
        ];
      const near = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
      const message = `must be ${values.length === 1 ? list : `one of ${list}`}`;
      const sure = isOfWhole(issue, root);
      return [
        {
          kind: 'type',
          path,
          message,
          sure,
          ...(near === undefined ? {} : { hint: `did you mean \`${near}\`?` }),
        },
      ];
    }
    case 'invalid_union':
      return union(issue, { schema, root, absent, concerns });
    case 'too_small':
    case 'too_big':
      return [{ kind: 'value', path, message: sizeInWords(issue), sure: isOfWhole(issue, root) }];
    case 'invalid_format':
      return [{ kind: 'value', path, message: formatInWords(issue) }];
    case 'invalid_key':
      return [{ kind: 'key', path, message: 'is no key that is taken here' }];
    default:
      if (absent) return [{ kind: 'missing', path, message: '' }];
      return [
        {
          kind: issue.code === 'custom' && /expected/.test(issue.message) ? 'type' : 'value',
          path,
          message: plainMessage(issue.message),
        },
      ];
  }
}

function union(
  issue: ZodIssue & { code: 'invalid_union' },
  {
    schema,
    root,
    absent,
    concerns,
  }: {
    schema: z.ZodType;
    root: unknown;
    absent: boolean;
    concerns: (issue: Issue) => boolean;
  },
): readonly Issue[] {
  const { path } = issue;
  const branches = issue.errors.map((errors) =>
    errors.flatMap((inner) =>
      inWords({ ...inner, path: [...path, ...inner.path] } as ZodIssue, schema, root, concerns),
    ),
  );
  // A branch whose only faults are at what an expression will give may well be the one that is meant.
  const open = branches.some(
    (issues, index) =>
      !issues.some(concerns) && !issue.errors[index]?.some(({ code }) => code === 'unrecognized_keys'),
  );
  if (open) return [];
  const deep = branches.filter(
    (issues) => issues.length > 0 && issues.every((inner) => inner.path.length > path.length),
  );
  const best = deep.toSorted((a, b) => a.length - b.length)[0];
  if (best !== undefined) return best;
  const expected = [
    ...new Set(branches.flat().map((inner) => inner.expected ?? inner.message.replace(/^must be /, ''))),
  ].join(' or ');
  if (absent) return [{ kind: 'missing', path, message: '', expected }];
  if (expected === '') return [{ kind: 'value', path, message: plainMessage(issue.message) }];
  const isNone = (issues: readonly Issue[]) =>
    issues.some((inner) => inner.sure === true && inner.path.length === path.length);
  return [
    {
      kind: 'type',
      path,
      message: `must be ${expected}`,
      sure: branches.length > 0 && branches.every(isNone),
    },
  ];
}

/** Not of what a list or a map was converted to, which what is inside may have a part in. */
function isOfWhole({ input, path }: ZodIssue, root: unknown): boolean {
  return typeof input === 'object' && input !== null && input === valueAt(root, path);
}

const expectations: { readonly [expected: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
  Secret: 'a secret parameter',
};

function expectedInWords(expected: string): string {
  return expectations[expected] ?? expected;
}

function sizeInWords(issue: ZodIssue & { code: 'too_small' | 'too_big' }): string {
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const least = issue.code === 'too_small' ? 'at least' : 'at most';
  const inclusive = issue.inclusive !== false;
  const much = inclusive
    ? `${least} ${bound}`
    : `${issue.code === 'too_small' ? 'more' : 'less'} than ${bound}`;
  if (issue.origin === 'string')
    return bound === 1 && issue.code === 'too_small' ? 'must not be empty' : `must have ${much} characters`;
  if (issue.origin === 'array' || issue.origin === 'set') {
    return bound === 1 && issue.code === 'too_small' ? 'must not be empty' : `must have ${much} items`;
  }
  return `must be ${much}`;
}

function formatInWords(issue: ZodIssue & { code: 'invalid_format' }): string {
  const said = /^Invalid (?:string|input): (must .*)$/.exec(issue.message)?.[1];
  if (said !== undefined) return said.replace('match pattern', 'match');
  return /^Invalid /.test(issue.message) ? `is not a valid ${issue.format}` : plainMessage(issue.message);
}

function plainMessage(message: string): string {
  const text = message
    .replace(/^Invalid input: /, '')
    .replace(/^Invalid input$/, 'is not accepted')
    .replace(/^expected (\w+).*$/, (_all, name: string) => `must be ${expectedInWords(name)}`);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (current, step) =>
      typeof current === 'object' && current !== null && Object.hasOwn(current, step)
        ? (current as { readonly [key: PropertyKey]: unknown })[step]
        : undefined,
    value,
  );
}

/** What the schema says of an input (`.describe(…)`), for whoever forgot it. */
function descriptionAt(schema: z.ZodType, path: readonly PropertyKey[]): string | undefined {
  let current: z.ZodType | undefined = schema;
  for (const step of path) {
    let definition: ReturnType<typeof definitionOf> | undefined =
      current === undefined ? undefined : definitionOf(current);
    while (definition?.type === 'wrapper') definition = definitionOf(definition.inner);
    current =
      definition?.type === 'object'
        ? definition.shape.get(String(step))
        : definition?.type === 'array'
          ? definition.element
          : undefined;
  }
  return current?.description;
}
