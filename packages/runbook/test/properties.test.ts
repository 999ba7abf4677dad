import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from '../src/index.ts';
import { editDistance } from '../src/nearest.ts';
import { cutTemplate } from '../src/template.ts';
import { compile, runbookOf } from './compile.ts';
import { scope } from './scope.ts';
import { workerDenied } from './worker-denied.ts';

test('arbitrary bytes never throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const compiled = await compile(bytes);
      expect(compiled.ok).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('arbitrary YAML-like texts never throw', async () => {
  const word = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    "'",
    '"',
    '&x ',
    '*x',
    '!t ',
    '|\n',
    '>\n',
    '#',
    '${{',
    '}}',
    'steps',
    '<<',
    '?',
    ',',
    '\t',
    '%',
    '---',
    '日',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 60 }), async (words) => {
      const compiled = await compile(`runbook: x\nversion: 1\ntitle: x\nsteps: []\n${words.join('')}`);
      if (!compiled.ok) expect(compiled.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});

test('a mutated runbook compiles, or every problem has a place inside the file', async () => {
  const lines = workerDenied.split('\n');
  const edit = fc.record({
    at: fc.nat(workerDenied.length - 1),
    remove: fc.nat(12),
    insert: fc.oneof(
      fc.constantFrom('', 'x', ' ', '\n', '${{', '}}', "'", ': ', '- ', '1', '[', '*', '&', '!'),
      fc.string({ maxLength: 4 }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const text = edits.reduce(
        (all, { at, remove, insert }) => all.slice(0, at) + insert + all.slice(at + remove),
        workerDenied,
      );
      const compiled = await compile(text);
      if (compiled.ok) return;
      const height = text.split('\n').length;
      for (const { position, excerpt, message } of compiled.problems) {
        expect(message.length).toBeGreaterThan(5);
        if (/^and \d+ more/.test(message)) continue;
        expect(position?.line).toBeLessThanOrEqual(height);
        expect(position?.column).toBeGreaterThan(0);
        expect(excerpt?.split('\n')[1]).toMatch(/\^/);
      }
    }),
    { numRuns: 1000 },
  );
  expect(lines.length).toBeGreaterThan(50);
});

test('a text without expressions stays as it is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter((text) => !text.includes('${{')),
      async (text) => {
        const runbook = await runbookOf(
          `runbook: x\nversion: 1\ntitle: x\ntargets: { h: { kind: host } }\nsteps: [{ id: a, uses: test.file-line, with: { path: /x, line: ${JSON.stringify(text)} } }]\n`,
        );
        expect(runbook.steps[0]?.with(scope)).toEqual({ path: '/x', line: text });
      },
    ),
    { numRuns: 200 },
  );
});

test('the pieces of a template, joined, are the template', () => {
  const piece = fc.oneof(
    fc.constantFrom("${{ 'a}}' }}", "${{ {'a': {'b': 1}} }}", '${{ x }}', '$', '{', '}}', '${'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece), (parts) => {
      const text = parts.join('');
      const template = cutTemplate(text);
      if (!template.ok) return;
      for (const part of template.pieces) {
        if (part.type === 'expression') expect(text.slice(part.start, part.end)).toBe(part.text);
      }
      const literal = template.pieces.filter((part) => part.type === 'text').map((part) => part.text);
      expect(literal.join('').length).toBeLessThanOrEqual(text.length);
      if (!text.includes('${{')) expect(literal.join('')).toBe(text);
    }),
  );
});

test('durations add up, and the distance of names is a distance', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
      expect(parseDuration(`${hours}h${minutes}m${seconds}s`)).toBe(hours * 3600 + minutes * 60 + seconds);
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
  expect(editDistance('serivce', 'service')).toBe(1);
  expect([
    parseDuration('500ms'),
    parseDuration('1.5h'),
    parseDuration('3'),
    parseDuration('-3s'),
    parseDuration('9999h'),
  ]).toEqual([0.5, 5400, undefined, undefined, undefined]);
});
