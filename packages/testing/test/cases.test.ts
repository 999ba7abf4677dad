import { defineState, objectFact, refused } from '@claw-run/core';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseCases } from '../src/case-file.ts';
import { type Case, runCase } from '../src/cases.ts';

const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'motd', namespace: 'production' };

/** A step that sets a text, and is as wrong as it is told to be. */
const text = (wrong: { predicted?: string; undo?: boolean } = {}) =>
  defineState({
    id: 'test.text',
    on: 'cluster',
    summary: 'A text is set',
    risk: 'routine',
    input: z.object({ text: z.string() }),
    examples: [],
    facts: () => ({
      text: objectFact({ ref, parse: (object) => (object === null ? null : String(object.text)) }),
    }),
    desire: (input, seen) =>
      seen.text === null ? refused('there is no ConfigMap') : { text: wrong.predicted ?? input.text },
    actions: (from, to, input) => {
      if (from.text === to.text) return [];
      const value =
        wrong.undo && to.text !== input.text ? 'lost' : wrong.predicted === undefined ? to.text : input.text;
      return [{ do: 'patch', ref, patch: [{ op: 'replace', path: '/text', value }] }];
    },
  });

const [change, settled, denied] = parseCases<Case>(`
- name: it is set
  with: { text: new }
  objects: [&stored { apiVersion: v1, kind: ConfigMap, metadata: { name: motd, namespace: production }, text: old }]
  change: { after: { text: new } }
- name: it is settled
  with: { text: old }
  objects: [*stored]
  settled: true
- name: it is refused
  with: { text: old }
  objects: []
  refused: there is no ConfigMap
`);

test('a step that keeps its word passes its cases', () => {
  for (const one of [change, settled, denied]) runCase(text(), one as Case);
});

test('a step that foretells what does not come about fails', () => {
  expect(() => runCase(text({ predicted: 'other' }), { ...(change as Case), change: {} })).toThrow(
    'what is observed is what was planned',
  );
});

test('a step whose undo does not lead back fails', () => {
  expect(() => runCase(text({ undo: true }), change as Case)).toThrow('undo leads back');
});

test('a case that expects something else fails', () => {
  expect(() => runCase(text(), { ...(settled as Case), with: { text: 'new' } })).toThrow('it is settled');
});
