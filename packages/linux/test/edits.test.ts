import { spawnSync } from 'node:child_process';
import { isPrintable, type Json } from '@claw-run/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { behindMark, type Edit } from '../src/edit/edit.ts';
import { editIni, iniValue } from '../src/edit/ini-edit.ts';
import { editKeyValue, keyValue } from '../src/edit/key-value-edit.ts';
import { editLine } from '../src/edit/line-edit.ts';
import { editYaml, type YamlChange } from '../src/edit/yaml-edit.ts';
import { yamlValue } from '../src/edit/yaml-find.ts';

const ends = fc.constantFrom('\n', '\r\n');
const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/);
const line = fc.stringMatching(/^[ -~äß]{0,12}$/);

/** Lines joined, with one kind of line end, with or without the last, behind a byte order mark or not. */
const fileOf = (lines: readonly string[]) =>
  fc.tuple(ends, fc.boolean(), fc.boolean()).map(([end, last, mark]) => {
    const text = lines.join(end) + (last && lines.length > 0 ? end : '');
    return mark ? `\uFEFF${text}` : text;
  });

function textAfter(edit: Edit): string {
  if ('problem' in edit) throw new Error(`${edit.line}:${edit.column}: ${edit.problem}`);
  return edit.text;
}

/** Every line of the one text but at most some is in the other, in the same order. */
function expectOthersKept(before: string, after: string, changed: number): void {
  const [from, to] = [linesOf(before), linesOf(after)];
  let kept = 0;
  for (const one of to) if (from[kept] === one) kept += 1;
  const tail = from.length - kept;
  let end = 0;
  while (end < tail && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  expect(from.length - kept - end, `${before}\n became\n${after}`).toBeLessThanOrEqual(changed);
}

function linesOf(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((one) => one.replace(/\r$/, ''));
}

describe('lines', () => {
  const texts = fc.array(line, { maxLength: 6 }).chain(fileOf);
  it('a line that is put in is there, once, and every other stays', () =>
    fc.assert(
      fc.property(
        texts,
        line.filter((one) => one !== ''),
        (text, wanted) => {
          const edit = (from: string) =>
            behindMark(from, (inner) => editLine(inner, { line: wanted, present: true }));
          const after = textAfter(edit(text));
          expect(linesOf(after.replace(/^\uFEFF/, ''))).toContain(wanted);
          expect(textAfter(edit(after))).toBe(after);
          expectOthersKept(text, after, 0);
          expect(after.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
        },
      ),
    ));
  it('a line that is taken away is gone, and every other stays', () =>
    fc.assert(
      fc.property(
        texts,
        line.filter((one) => one !== ''),
        (text, unwanted) => {
          const after = textAfter(
            behindMark(text, (inner) => editLine(inner, { line: unwanted, present: false })),
          );
          const left = linesOf(text.replace(/^\uFEFF/, '')).filter((one) => one !== unwanted);
          const now = linesOf(after.replace(/^\uFEFF/, ''));
          expect(now.filter((one) => one !== '')).toEqual(left.filter((one) => one !== ''));
        },
      ),
    ));
});

describe('INI files', () => {
  const entries = fc.uniqueArray(
    fc.tuple(
      word,
      fc.constantFrom(' = ', '=', ': '),
      line.map((one) => one.trim().replace(/\\$/, '')),
    ),
    {
      selector: ([key]) => key,
      maxLength: 4,
    },
  );
  const noise = fc.constantFrom('', '# a comment', '; another = one');
  const sections = fc.uniqueArray(fc.tuple(word, entries, noise), {
    selector: ([name]) => name,
    maxLength: 3,
  });
  const texts = sections
    .map((all) =>
      all.flatMap(([name, keys, extra]) => [
        `[${name}]`,
        ...keys.map(([key, separator, value]) => key + separator + value),
        extra,
      ]),
    )
    .chain(fileOf);
  const value = line.map((one) => one.trim()).filter((one) => !one.endsWith('\\'));
  it('what is set reads as set, set twice is set once, and every other line stays', () =>
    fc.assert(
      fc.property(texts, word, word, value, (text, section, key, wanted) => {
        const edit = (from: string) =>
          behindMark(from, (inner) => editIni(inner, { section, key, value: wanted }));
        const after = textAfter(edit(text));
        expect(iniValue(after.replace(/^\uFEFF/, ''), { section, key })).toEqual({ value: wanted });
        expect(textAfter(edit(after))).toBe(after);
        expectOthersKept(text, after, 1);
        const gone = textAfter(
          behindMark(after, (inner) => editIni(inner, { section, key, value: undefined })),
        );
        expect(iniValue(gone.replace(/^\uFEFF/, ''), { section, key })).toEqual({ value: undefined });
      }),
    ));
  it.each([
    ['[a]\nx = 1\n[a]\ny = 2\n', 'the section [a] is there twice', 3],
    ['[a]\nx = 1\nx = 2\n', 'the key x is there twice', 3],
    ['[a]\nx = 1\n  and more\n', 'the value of x goes on over several lines', 2],
    ['[a]\nx = 1 \\\nand more\n', 'the value of x goes on over several lines', 2],
  ])('%j is refused', (text, problem, at) => {
    expect(editIni(text, { section: 'a', key: 'x', value: '3' })).toEqual({ problem, line: at, column: 1 });
  });
});

describe('KEY=value files', () => {
  const entries = fc.uniqueArray(
    fc.tuple(word, fc.constantFrom('', 'export '), fc.constantFrom('1', '"a b"', "'c d'", '', 'x  # why')),
    { selector: ([key]) => key, maxLength: 5 },
  );
  const texts = entries
    .map((all) => ['# options', ...all.map(([key, head, value]) => `${head}${key}=${value}`)])
    .chain(fileOf);
  it('what is set reads as set, set twice is set once, and every other line stays', () =>
    fc.assert(
      fc.property(texts, word, line, fc.boolean(), (text, key, wanted, exported) => {
        const edit = (from: string) =>
          behindMark(from, (inner) => editKeyValue(inner, { key, value: wanted, format: 'shell', exported }));
        const after = textAfter(edit(text));
        expect(keyValue(after.replace(/^\uFEFF/, ''), { key, format: 'shell' })).toEqual({ value: wanted });
        expect(textAfter(edit(after))).toBe(after);
        expectOthersKept(text, after, 1);
      }),
    ));
  it('quotes and comments stay', () => {
    const edit = (text: string, value: string) =>
      textAfter(editKeyValue(text, { key: 'A', value, format: 'shell', exported: false }));
    expect(edit('export A="x" # why\n', 'y $z')).toBe('export A="y \\$z" # why\n');
    expect(edit("A='x'\n", 'y z')).toBe("A='y z'\n");
    expect(edit('A=x\n', 'y z')).toBe('A="y z"\n');
    expect(edit('B=1', 'y')).toBe('B=1\nA=y');
  });
  it('what only a shell can tell is refused', () => {
    const edit = (text: string) =>
      editKeyValue(text, { key: 'A', value: '1', format: 'shell', exported: false });
    expect(edit('A="$B"\n')).toEqual({
      problem: 'the value of A is more than one plain or quoted word',
      line: 1,
      column: 3,
    });
    expect(edit('A=1\nA=2\n')).toEqual({ problem: 'A is set twice', line: 2, column: 1 });
  });
});

describe('YAML files', () => {
  const text = fc.constantFrom(
    'plain',
    '"quoted"',
    "'single'",
    '5',
    'true',
    '',
    '~',
    '[a, "b"]',
    '{x: 1}',
    '[]',
  );
  const indent = fc.constantFrom('  ', '    ');
  const seqIndent = fc.constantFrom('', '  ');
  const note = fc.constantFrom('', '  # why');
  const values = fc.uniqueArray(fc.tuple(word, text, note), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 3,
  });
  const lists = fc.uniqueArray(fc.constantFrom('claw-admins', 'wheel', '"ops"', '7'), {
    minLength: 1,
    maxLength: 3,
  });
  const blocks = fc
    .tuple(indent, seqIndent, values, lists, note)
    .map(([by, seq, pairs, items, extra]) => [
      ...pairs.map(([key, value, why]) => `${by}${key}: ${value}${why}`),
      ...(extra === '' ? [] : [`${by}# about the list`]),
      `${by}list:${extra}`,
      ...items.map((item) => `${by}${seq}- ${item}${extra}`),
    ]);
  const documents = fc
    .uniqueArray(fc.tuple(word, blocks), { selector: ([key]) => key, minLength: 1, maxLength: 3 })
    .map((all) => ['# the scheduler', ...all.flatMap(([key, lines]) => [`${key}:`, ...lines, ''])])
    .chain(fileOf);
  const paths = fc.array(fc.oneof(word, fc.constant('list')), { minLength: 1, maxLength: 3 });
  const json = fc.oneof(
    line,
    fc.integer(),
    fc.boolean(),
    fc.array(word, { maxLength: 2 }),
    fc.constant<Json>({ a: [1] }),
  );

  const edit = (from: string, path: readonly string[], change: YamlChange) =>
    behindMark(from, (inner) => editYaml(inner, path, change));

  it('what is set reads as set, set twice is set once; taken away it is gone', () => {
    let edited = 0;
    fc.assert(
      fc.property(documents, paths, json, fc.nat(), (from, random, value, pick) => {
        const path = existing(from, random, pick);
        const done = edit(from, path, { set: value });
        if ('problem' in done) return;
        edited += 1;
        const after = done.text;
        expect(yamlValue(after, path)).toMatchObject({ value });
        expect(edit(after, path, { set: value })).toEqual({ text: after });
        const gone = edit(after, path, { remove: true });
        if ('text' in gone) expect(yamlValue(gone.text, path)).toMatchObject({ value: undefined });
      }),
      { numRuns: 400 },
    );
    expect(edited, 'most can be set').toBeGreaterThan(250);
  });

  it('a scalar that is set changes its own line only', () =>
    fc.assert(
      fc.property(documents, fc.oneof(line, fc.integer()), fc.nat(), (from, value, pick) => {
        const path = scalarPath(from, pick);
        if (path === undefined) return;
        const after = textAfter(edit(from, path, { set: value }));
        expectOthersKept(from, after, 1);
        expect(linesOf(after)).toHaveLength(linesOf(from).length);
      }),
    ));

  it('a member that is added and taken away again leaves the bytes as they were', () =>
    fc.assert(
      fc.property(documents, fc.nat(), (from, pick) => {
        const keys = Object.keys(parse(from.replace(/^\uFEFF/, '')) as object);
        const path = [keys[pick % keys.length] ?? '', 'list'];
        const added = textAfter(edit(from, path, { member: 'claw-users', present: true }));
        expectOthersKept(from, added, 0);
        expect(yamlValue(added, path)).toMatchObject({
          value: [...(yamlValue(from, path) as unknown as { value: Json[] }).value, 'claw-users'],
        });
        expect(textAfter(edit(added, path, { member: 'claw-users', present: true }))).toBe(added);
        expect(textAfter(edit(added, path, { member: 'claw-users', present: false }))).toBe(from);
      }),
    ));

  it.each([
    ['a: 1\na: 2\n', ['a'], 'Map keys must be unique', 2, 1],
    ['a: &x 1\nb: *x\n', ['a'], 'a has an anchor (&x)', 1, 7],
    ['a: &x 1\nb: *x\n', ['b'], 'b is an alias (*x)', 2, 4],
    ['a: [1\nb: 2\n', ['a'], 'it is not the YAML it should be', 2, 1],
    ['a: text\n', ['a', 'b'], 'a is neither a map nor a list', 1, 4],
    ['a:\n  - 1\n', ['a', '3'], 'a is a list of 1: it has no item 3', 2, 3],
  ])('%j is refused with its place', (from, path, problem, at, column) => {
    const refused = editYaml(from, path, { set: 5 });
    expect(refused).toMatchObject({ line: at, column });
    expect('problem' in refused && refused.problem).toContain(problem);
  });
});

/** A path that is there as often as not. */
function existing(text: string, random: readonly string[], pick: number): readonly string[] {
  const value = parse(text.replace(/^\uFEFF/, '')) as { [key: string]: { [key: string]: Json } };
  const keys = Object.keys(value);
  const key = keys[pick % keys.length] ?? '';
  const inner = Object.keys(value[key] ?? {});
  return pick % 3 === 0 ? random : [key, ...(pick % 2 === 0 ? [inner[pick % inner.length] ?? ''] : random)];
}

function scalarPath(text: string, pick: number): readonly string[] | undefined {
  const value = parse(text.replace(/^\uFEFF/, '')) as { [key: string]: { [key: string]: Json } };
  const all = Object.entries(value).flatMap(([key, inner]) =>
    Object.entries(inner).flatMap(([name, one]) =>
      typeof one === 'object' && one !== null ? [] : [[key, name]],
    ),
  );
  return all[pick % Math.max(all.length, 1)];
}

const pyYaml = spawnSync('python3', ['-c', 'import yaml']);
if (pyYaml.status !== 0) console.warn('YAML is not read by a second reader: there is no PyYAML here');

describe('INI files of other grammars', () => {
  const krb5 = `[realms]
    EXAMPLE.TEST = {
        kdc = kdc1.example.test
        admin_server = kdc1.example.test
    }
    OTHER.TEST = {
        kdc = kdc.other.test
    }
`;

  it('what stands in braces is no key of the section', () => {
    expect(iniValue(krb5, { section: 'realms', key: 'kdc' })).toEqual({ value: undefined });
    expect(editIni(krb5, { section: 'realms', key: 'admin_server', value: undefined })).toEqual({
      text: krb5,
    });
  });

  it.each([
    [krb5, 'realms', 'THIRD.TEST', '[realms] has parts in braces', 2],
    [krb5, 'realms', 'EXAMPLE.TEST', 'the value of EXAMPLE.TEST goes on over several lines', 2],
    ['[realms]\nA = {\nb = c\n', 'realms', 'b', 'a brace is never closed', 2],
    ['[mysqld]\nskip-networking\n', 'mysqld', 'skip-networking', 'there without a value', 2],
    ['[mysqld]\nport = 3306 # as ever\n', 'mysqld', 'port', 'is a comment to some readers', 2],
  ])('%j: %s %s is refused', (from, section, key, problem, at) => {
    const refused = editIni(from, { section, key, value: '1' });
    expect(refused).toMatchObject({ problem: expect.stringContaining(problem), line: at });
    if (!key.startsWith('THIRD'))
      expect(iniValue(from, { section, key })).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

describe('YAML to readers of 1.1 and 1.2', () => {
  const odd = fc.constantFrom(
    ...[
      'no',
      'on',
      'Off',
      'Yes',
      'y',
      'N',
      'null',
      '~',
      '',
      '=',
      '<<',
      '22:22',
      '12:30:45',
      '2024-01-01',
      '1_000',
    ],
    ...[
      '0b11',
      '010',
      '0o17',
      '0x1F',
      '1e3',
      '.5',
      '.inf',
      '.NaN',
      '-1',
      '+1',
      '1.0',
      '10.0.0.1',
      'true ',
      '- a',
      'a: b',
    ],
  );
  const texts = fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 12 }).filter(isPrintable));
  const starts = fc.constantFrom(
    'a: old\nb: yes\n',
    "a: 'old'\n",
    'x:\n  - no\na: old # why\n',
    'on: 1\na:\n',
    '',
  );
  const values = fc.oneof(
    texts,
    fc.array(texts, { maxLength: 3 }),
    fc.dictionary(texts, texts, { maxKeys: 2 }),
  );

  it.skipIf(pyYaml.status !== 0)('what is set is read as that by PyYAML', () => {
    const cases = fc.sample(fc.tuple(starts, values), 400).flatMap(([from, value]) => {
      const edited = editYaml(from, ['a'], { set: value });
      return 'text' in edited ? [{ text: edited.text, value }] : [];
    });
    expect(cases.length).toBeGreaterThan(350);
    const read = spawnSync(
      'python3',
      [
        '-c',
        'import json,sys,yaml\nfor t in json.load(sys.stdin): print(json.dumps(yaml.safe_load(t)["a"], default=str))',
      ],
      { input: JSON.stringify(cases.map(({ text }) => text)), encoding: 'utf8' },
    );
    expect(read.stderr).toBe('');
    const lines = read.stdout.trimEnd().split('\n');
    for (const [index, { text, value }] of cases.entries())
      expect(JSON.parse(lines[index] ?? 'null'), text).toEqual(value);
  });

  it.each<[string, Json, string | undefined]>([
    ['a: yes\n', true, undefined],
    ['a: Off\n', false, undefined],
    ['a: 1_000\n', 1000, undefined],
    ['a: 010\n', 10, 'a: 10\n'],
    ['a: 010\n', 8, 'a: 8\n'],
    ['a: no\n', 'no', 'a: "no"\n'],
    ["a: 'no'\n", 'no', undefined],
    ['a: 2024-01-01\n', '2024-01-01', 'a: "2024-01-01"\n'],
    ['a: [yes, b]\n', [true, 'b'], undefined],
    ['a: 10.0.0.1\n', '10.0.0.1', undefined],
    ['a: 9007199254740993\n', 9007199254740992, 'a: 9007199254740992\n'],
    ['a: 9007199254740993\n', '9007199254740993', 'a: "9007199254740993"\n'],
  ])('%j as %j', (from, value, wanted) => {
    expect(editYaml(from, ['a'], { set: value })).toEqual({ text: wanted ?? from });
  });
});
