import { lineDiff } from '@claw-run/core';
import { expect, test } from 'vitest';
import { diffLines } from '../src/render/diff.ts';
import { createStyle, seconds, wrap } from '../src/render/style.ts';

test('text is broken at words, under its first line', () => {
  expect(wrap('  one two three four five six seven', 20, 2)).toBe('  one two three four\n  five six seven');
});

test('a line that is there to be copied is not broken', () => {
  const line = '    ops ALL=(root) NOPASSWD: /usr/bin/systemctl restart a-service-with-a-long-name';
  expect(wrap(`allow it in sudoers:\n${line}`, 40, 2)).toBe(`allow it in sudoers:\n  ${line}`);
});

test('durations are told as people tell them', () => {
  expect([40, 400, 12_400, 185_000].map(seconds)).toEqual(['40 ms', '0.4 s', '12 s', '3 min 5 s']);
});

test('differences are shown field by field, long ones cut unless asked for in full', () => {
  const style = createStyle(false);
  const text = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n');
  const differences = [
    { path: ['Deployment a/b', 'spec', 'replicas'], before: 1, after: 3 },
    { path: ['ConfigMap a/c', 'data', 'app.yaml'], lines: lineDiff(`${text}\nlast`, `first\n${text}`) },
    { path: ['Secret a/d'], before: { kind: 'Secret' }, after: null },
    {
      path: ['Namespace e'],
      before: null,
      after: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'e', labels: { a: '${x}', n: '1' } } },
    },
  ];
  expect(diffLines(differences, { style, full: false }).join('\n')).toMatchInlineSnapshot(`
    "~ Deployment a/b
        spec.replicas: 1 → 3
    ~ ConfigMap a/c
        data."app.yaml":
          + first
            …
          - last
    - Secret a/d
    + Namespace e
        metadata:
          labels:
            a: \${x}
            n: 1"
  `);
});
