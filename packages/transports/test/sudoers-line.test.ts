import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sudoersLine } from '../src/host/sudoers-line.ts';
import { literalOf, readSudoersLine } from '../src/host/sudoers-reader.ts';

const ofRoot = (...words: readonly string[]) => sudoersLine({ user: 'ops', runAs: 'root', words });
const line = (command: string) => ({ line: `ops ALL=(root) NOPASSWD: ${command}` });

test.each([
  { words: ['/usr/bin/grep', '#include', '/etc/app'], command: String.raw`/usr/bin/grep \#include /etc/app` },
  { words: ['/usr/bin/id'], command: '/usr/bin/id ""' },
  { words: ['/usr/bin/dd', 'of=/etc/a,b:c'], command: String.raw`/usr/bin/dd of\=/etc/a\,b\:c` },
  { words: ['/bin/x', '*', '[a]?', '!b'], command: String.raw`/bin/x \* \[a\]\? !b` },
  { words: ['/bin/x', String.raw`\d\*`], command: String.raw`/bin/x \\\\d\\\\\*` },
  { words: ['/bin/x', '"a"', "'b'", '$(c)', '@include'], command: `/bin/x "a" 'b' $(c) @include` },
  { words: ['/opt/a=b,c/x', 'é'], command: String.raw`/opt/a\=b\,c/x é` },
])('$words are worded as sudoers reads them', ({ words, command }) => {
  expect(ofRoot(...words)).toEqual(line(command));
});

test.each([
  { words: ['/bin/x', 'a b'], why: /a word holds a space/ },
  { words: ['/bin/x', 'a', '', 'b'], why: /a word is empty/ },
  { words: ['/bin/x', 'a\nops ALL=(ALL) ALL'], why: /line end/ },
  { words: ['/bin/x', 'a\tb'], why: /line end/ },
  { words: ['/bin/x', 'a\u202eb'], why: /cannot be seen/ },
  { words: ['/bin/x', '^a', 'b$'], why: /regular expression/ },
  { words: ['/bin/x', '""'], why: /without words/ },
  { words: ['grep', 'a'], why: /not in the folders/ },
  { words: ['/opt/'], why: /folder/ },
  { words: ['/opt/*/x'], why: /pattern/ },
])('$words are not worded', ({ words, why }) => {
  expect(ofRoot(...words)).toEqual({ unworded: expect.stringMatching(why) });
});

test.each([
  ['ALL', String.raw`\ALL`],
  ['OPS', String.raw`\OPS`],
  ['Defaults', String.raw`\Defaults`],
  [String.raw`CORP\ann`, String.raw`\CORP\\ann`],
  ['ann@corp', String.raw`ann\@corp`],
  ['host$', 'host$'],
])('the user %s is no alias and no line of another kind', (user, escaped) => {
  const words = ['/bin/x', 'a'];
  expect(sudoersLine({ user, runAs: user, words })).toEqual({
    line: `${escaped} ALL=(${escaped}) NOPASSWD: /bin/x a`,
  });
});

test.each(['%wheel', '+net', '#0', '!root', '1000', 'a b', 'a,b', 'a\nb', ''])(
  'nothing is granted to %j or for it',
  (name) => {
    const words = ['/bin/x', 'a'];
    for (const who of [
      { user: name, runAs: 'root' },
      { user: 'ops', runAs: name },
    ])
      expect(sudoersLine({ ...who, words })).toEqual({ unworded: expect.stringContaining('sudoers') });
  },
);

test('a program that the user could replace is not granted', () => {
  const words = ['/home/ops/bin/x', 'a'];
  expect(sudoersLine({ user: 'ops', runAs: 'root', words, replaceable: '/home/ops' })).toEqual({
    unworded: 'ops can write /home/ops, and put another program in its place',
  });
});

test('whatever the words are, a line reads back as them', () => {
  const special = fc.constantFrom(...'#\\,:=!*?[]^$"\'(){}<>@%+~ \t\n-');
  const word = fc.string({
    unit: fc.oneof(special, fc.string({ minLength: 1, maxLength: 1 })),
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), word, (args, user) => {
      const worded = sudoersLine({ user, runAs: 'root', words: ['/usr/bin/x', ...args] });
      if (!('line' in worded)) return;
      expect(worded.line).not.toMatch(/[\n\r\t]/);
      const read = readSudoersLine(worded.line);
      expect({ ...read, args: undefined }).toEqual({
        user,
        runAs: 'root',
        path: '/usr/bin/x',
        args: undefined,
      });
      if (read?.args === 'none') expect(args).toEqual([]);
      else expect(literalOf(read?.args.pattern ?? '')?.split(' ')).toEqual(args);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  'ops ALL=(root) NOPASSWD: /usr/bin/grep #include /etc/app',
  'ops ALL=(root) NOPASSWD: /usr/bin/grep a, /usr/bin/sh',
  'ops ALL=(root) NOPASSWD: /usr/bin/grep a : web ALL = ALL',
  'ops ALL=(root) NOPASSWD: /usr/bin/grep',
  'ops ALL=(root) NOPASSWD: /usr/bin/',
  'ops ALL=(root) NOPASSWD: ALL',
  'ops ALL=(root) NOPASSWD: /usr/bin/grep ^.*$',
  'ops ALL=(ALL) NOPASSWD: /usr/bin/id ""',
  'OPS ALL=(root) NOPASSWD: /usr/bin/id ""',
  '%ops ALL=(root) NOPASSWD: /usr/bin/id ""',
  'ops, web ALL=(root) NOPASSWD: /usr/bin/id ""',
])('the reader takes no line that allows more: %s', (text) => {
  expect(readSudoersLine(text)).toBeUndefined();
});

test('a pattern that fits more than one text is no literal', () => {
  for (const pattern of ['a*', '?', '[ab]', 'a\\']) expect(literalOf(pattern)).toBeUndefined();
  expect(literalOf(String.raw`\*\\a`)).toBe(String.raw`*\a`);
});
