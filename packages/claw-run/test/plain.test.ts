import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plain, plainJson } from '../src/render/plain.ts';
import { createStyle, wrap } from '../src/render/style.ts';
import { columnsOf, cutLine, emptyLine, sgr, terminalText } from '../src/render/terminal.ts';

/** What CI systems act upon, by how they find it: the runner of GitHub (ActionCommand.cs), Azure Pipelines, GitLab, TeamCity, Travis CI. */
const acted = [
  /^\s*::[^\s:][^\n]*?::/m,
  /##\[/,
  /##vso\[/i,
  /##teamcity\[/i,
  /section_(start|end):/,
  /travis_(fold|time):/,
];

describe('what is printed cannot speak for us', () => {
  test.each([
    ['::error::all is lost', String.raw`\u003a:error::all is lost`],
    ['  \t::add-mask::x', `  \t${String.raw`\u003a:add-mask::x`}`],
    [
      'one\n\u00a0::warning file=a,line=1::two',
      `one\n\u00a0${String.raw`\u003a:warning file=a,line=1::two`}`,
    ],
    ['a ##[error]b', String.raw`a \u0023#[error]b`],
    ['x ##vso[task.setvariable variable=a]b', String.raw`x \u0023#vso[task.setvariable variable=a]b`],
    ["##teamcity[buildStatus status='SUCCESS']", String.raw`\u0023#teamcity[buildStatus status='SUCCESS']`],
    ['a section_start:1:b\r\u001b[0Kc', String.raw`a \u0073ection_start:1:b\u000d\u001b[0Kc`],
    ['travis_fold:start:x', String.raw`\u0074ravis_fold:start:x`],
  ])('%j', (text, shown) => {
    expect(plain(text)).toBe(shown);
    expect(terminalText(text)).toBe(shown);
  });

  test.each([
    '::1 localhost',
    'fe80::1',
    'a::b::c',
    '# ## [x]',
    'section start:',
    'std::vector<int>::x',
    '✓ Grüße',
  ])('%j is left alone', (text) => {
    expect(plain(text)).toBe(text);
  });

  test('whatever the text, nothing is left to act upon, and JSON keeps its value', () => {
    const parts = fc.constantFrom(
      ...[
        '::',
        'error',
        '##',
        '[',
        'vso[',
        'section_',
        'start:1:',
        '\n',
        '\r',
        '\u001b',
        '[31m',
        '\u202e',
        ' ',
        '\t',
        '\u2028',
        '\u200b',
        '\u{e0041}',
      ],
    );
    const text = fc.oneof(
      fc
        .array(fc.oneof(parts, fc.string({ unit: 'binary', maxLength: 2 })), { maxLength: 12 })
        .map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        const shown = terminalText(`${one}\n  ${other}`);
        for (const pattern of acted) expect(shown).not.toMatch(pattern);
        expect(shown).not.toMatch(/(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]|[\u{e0000}-\u{e007f}]/u);
        expect(plain(plain(one))).toBe(plain(one));
        const json = JSON.stringify({ [one]: [other] });
        expect(JSON.parse(terminalText(json))).toEqual(JSON.parse(json));
        expect(plainJson({ a: [one] })).toEqual({ a: [plain(one)] });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('our own codes', () => {
  const style = createStyle(true);

  test('reach the terminal; the same codes of somebody else do not', () => {
    expect(terminalText(style.red('no'))).toBe('\u001b[31mno\u001b[39m');
    expect(terminalText(style.bold(`a ${style.green('\u001b[32mb')}`))).toBe(
      '\u001b[1ma \u001b[32m\\u001b[32mb\u001b[39m\u001b[22m',
    );
    expect(terminalText(`${emptyLine()}x`)).toBe('\r\u001b[Kx');
    expect(terminalText(`${sgr(1)}  ::error::x`)).toBe('\u001b[1m  \\u003a:error::x');
    expect(createStyle(false).red('no')).toBe('no');
  });

  test('take no columns', () => {
    expect(columnsOf(style.red('four'))).toBe(4);
    expect(terminalText(wrap(`${style.bold('one')} two three four five`, 20))).toBe(
      '\u001b[1mone\u001b[22m two three four\nfive',
    );
    expect(terminalText(cutLine(`a ${style.red('long')} line`, 5))).toBe('a \u001b[31mlo…\u001b[39m');
    expect(cutLine('short', 5)).toBe('short');
  });
});
