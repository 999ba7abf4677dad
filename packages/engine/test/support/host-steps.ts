import { defineCheck, defineState, type Fact, fail, fileFact, pass, refused, runFact } from '@claw-run/core';
import * as z from 'zod';

const examples: readonly [] = [];

/** What a file says; `null` where there is none. */
function contentOf(path: string, sudo = false): Fact<'host', string | null> {
  return fileFact({ path, ...(sudo ? { sudo } : {}), parse: (file) => file?.content ?? null });
}

/** What a program tells of a file that it reads. */
function toldOf(path: string, about: readonly string[]): Fact<'host', string | null> {
  return runFact({
    key: `told ${path}`,
    argv: ['cat', path],
    about,
    parse: ({ exit, stdout }) => (exit === 0 ? stdout : null),
  });
}

/** A file has a content. */
export const file = defineState({
  id: 'test.file',
  on: 'host',
  summary: 'A file has a content',
  risk: 'routine',
  settlesWithinSeconds: 1,
  input: z.strictObject({ path: z.string(), content: z.string(), sudo: z.boolean().default(false) }),
  examples,
  facts: (input) => ({ content: contentOf(input.path, false) }),
  desire: (input) => ({ content: input.content }),
  actions: (from, to, input) => {
    const sudo = input.sudo ? { sudo: true } : {};
    if (from.content === to.content) return [];
    return to.content === null
      ? [{ do: 'remove', path: input.path, ...sudo }]
      : [{ do: 'write', path: input.path, content: to.content, ...sudo }];
  },
});

/** A program runs with what a file says: two actions, by way of a file between them. */
export const loaded = defineState({
  id: 'test.loaded',
  on: 'host',
  summary: 'What is loaded is what the file says',
  risk: 'disruptive',
  settlesWithinSeconds: 1,
  input: z.strictObject({
    from: z.string(),
    to: z.string(),
    /** Topics that the loading changes besides. */
    changes: z.array(z.string()).default([]),
  }),
  examples,
  facts: (input) => ({
    wanted: toldOf(input.from, [`file ${input.from}`]),
    between: toldOf(`${input.to}.new`, [`loaded ${input.to}`]),
    loaded: toldOf(input.to, [`loaded ${input.to}`]),
  }),
  desire: (input, seen) =>
    seen.wanted === null
      ? refused(`there is no ${input.from}`)
      : { between: seen.wanted, loaded: seen.wanted },
  actions: (from, to, input) => {
    const changes = [`loaded ${input.to}`, ...input.changes];
    const between = `${input.to}.new`;
    const put = (path: string, content: string | null) =>
      content === null ? ({ do: 'remove', path } as const) : ({ do: 'write', path, content } as const);
    if (from.loaded === to.loaded && from.between === to.between) return [];
    if (to.loaded !== null && to.loaded === from.wanted)
      return [
        { do: 'run', argv: ['cp', input.from, between], changes },
        { do: 'run', argv: ['cp', between, input.to], changes },
      ];
    return [put(between, to.between), put(input.to, to.loaded)];
  },
});

/** What is told of a file is given, whoever saw to it. */
export const told = defineCheck({
  id: 'test.told',
  on: 'host',
  summary: 'A program tells a text',
  input: z.strictObject({ path: z.string(), text: z.string(), sudo: z.boolean().default(false) }),
  examples,
  facts: (input) => ({
    text: runFact({
      key: `told ${input.path}`,
      argv: ['cat', input.path],
      ...(input.sudo ? { sudo: true } : {}),
      parse: ({ exit, stdout }) => (exit === 0 ? stdout : null),
    }),
  }),
  expect: (input, seen) =>
    seen.text === input.text ? pass(`it is ${input.text}`) : fail(`it is ${seen.text}, not ${input.text}`),
});

/** A text is told, whatever leads to it: asks for the same fact as `loaded`, by its key. */
export const copied = defineState({
  id: 'test.told-again',
  on: 'host',
  summary: 'A copy of what is told is kept',
  risk: 'routine',
  settlesWithinSeconds: 1,
  input: z.strictObject({ path: z.string(), into: z.string() }),
  examples,
  facts: (input) => ({
    text: toldOf(input.path, [`loaded ${input.path}`]),
    copy: contentOf(input.into),
  }),
  desire: (_input, seen) => ({ copy: seen.text }),
  actions: (_from, to, input) =>
    to.copy === null
      ? [{ do: 'remove', path: input.into }]
      : [{ do: 'write', path: input.into, content: to.copy }],
});
